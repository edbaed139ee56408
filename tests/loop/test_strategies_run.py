"""Whole runs of the presets: what each proposes, what is refused before it is measured, and what is kept.

Beside these runs the presets rest on

- meta: evidence levels (tests/evolve/test_evidence_levels.py), the manifest (test_manifest.py), checks in the box and
  refusals (test_draft.py, test_evolver_agent.py), the Pareto truth table (tests/gate/test_gates.py), one look at the test
  split (tests/jobs/test_final.py), kills (test_kills.py);
- self: clusters that depend on nothing but the traces (tests/debug/test_report.py), one surface (tests/evolve/
  test_surfaces.py), the strict truth table (tests/gate/test_gates.py), what remains of a candidate judged again (test_judge.py);
- life: layers (tests/debug/signals/test_layers.py), replayed hooks (tests/evolve/test_replay.py), hooks that fail open, in
  order and traced (tests/runtime/test_hooks.py), one identity of a harness (tests/history/test_trees.py), first looks that
  may only give up (tests/gate/test_bayes.py);
- prune: the inventory (tests/harness/test_inventory.py), removals (tests/evolve/test_prune.py), the lean truth table
  (tests/gate/test_gates.py).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import world
from test_loop import proposal

LESSON = "- Say only what you would write, and nothing else. " * 20


def by_hand(root: Path, path: str, text: str) -> None:
    place = root / "workspace" / path
    place.parent.mkdir(exist_ok=True)
    place.write_text(text)
    world.by_hand(root, "add", "-A")
    world.by_hand(root, "commit", "-qm", f"Add {path}")


def evolve(root: Path, *arguments: str) -> Any:
    return json.loads(world.ahe(root, "evolve", *arguments, "--json").stdout)


def outcomes(result: Any) -> list[str]:
    return [each["verdict"]["outcome"] if each["verdict"] else "" for each in result["iterations"]]


def requests(root: Path) -> list[Any]:
    return [json.loads(line) for line in (root / "requests.jsonl").read_text().splitlines()]


def test_prune_removes_what_is_not_missed_and_takes_back_what_is(tmp_path: Path) -> None:
    root = world.write_project(tmp_path / "project", suite={"quick": True}, evolve={"target": 1.0})
    world.ahe(root, "init")
    by_hand(root, "middleware/10_act.py", world.ACT)
    by_hand(root, "memory.md", LESSON)

    result = evolve(root, "--strategy", "prune", "--iterations", "4")
    assert outcomes(result) == ["kept", "kept", "reverted"], "the person's, then two removals"
    assert "nothing to remove" in result["stopped"]
    kept, taken_back = (result["iterations"][n]["verdict"] for n in (1, 2))
    assert kept["gate"] == "lean" and kept["tokens"][1] < kept["tokens"][0]
    assert taken_back["candidate_rate"] == 0.0
    subjects = world.git(root, "log", "--format=%s").splitlines()
    assert "memory: remove what was added to memory.md" in subjects
    assert "middleware: remove middleware/10_act.py" in subjects
    assert (root / "workspace" / "middleware" / "10_act.py").is_file()
    assert (root / "workspace" / "memory.md").read_text() == ""
    assert {request["role"] for request in requests(root)} == {"coder"}, "no model proposed anything"

    removal = world.git(root, "log", "--format=%h", "--grep=Ahe-Strategy: prune").splitlines()[-1]
    world.by_hand(root, "revert", "--no-edit", removal)
    assert (root / "workspace" / "memory.md").read_text() == LESSON, "one commit, taken back with plain git"


def test_of_several_removals_those_that_are_missed_are_added_back(tmp_path: Path) -> None:
    root = world.write_project(tmp_path / "project", suite={"quick": True}, evolve={"changes": 2})
    world.ahe(root, "init")
    by_hand(root, "middleware/10_act.py", world.ACT)
    by_hand(root, "memory.md", LESSON)
    result = evolve(root, "--strategy", "prune", "--iterations", "2")
    assert outcomes(result) == ["kept", "kept"] and len(result["iterations"][1]["commits"]) == 2
    assert (root / "workspace" / "middleware" / "10_act.py").is_file()
    assert (root / "workspace" / "memory.md").read_text() == ""


def test_every_nth_iteration_of_any_strategy_removes_and_the_gate_is_lean_there_alone(tmp_path: Path) -> None:
    script = world.script()
    script["evolver"] = {key.replace("/001/", "/003/"): value for key, value in script["evolver"].items()}
    root = world.write_project(tmp_path / "project", script, suite={"quick": True})
    world.ahe(root, "init")
    by_hand(root, "memory.md", LESSON)
    result = evolve(root, "--prune-every", "2", "--iterations", "3")
    assert [each["verdict"]["gate"] for each in result["iterations"]] == ["strict", "lean", "strict"]
    subjects = world.git(root, "log", "--format=%s", "-2").splitlines()
    assert subjects == [
        "middleware: turn written words into a command",
        "memory: remove what was added to memory.md",
    ]


def test_self_lets_the_solver_propose_and_shows_it_what_was_rejected(tmp_path: Path) -> None:
    script = world.script()
    script["evolver"] = {
        "evolve/001/0": proposal("Write the file with a command before you answer."),
        "evolve/002/0": proposal("Never end a turn in words alone.", subject="Forbid words alone"),
        "*": "Nothing.",
    }
    root = world.write_project(tmp_path / "project", script)
    world.ahe(root, "init")
    result = evolve(root, "--strategy", "self", "--iterations", "2")
    assert (
        outcomes(result) == ["reverted", "reverted"]
        and result["iterations"][0]["verdict"]["gate"] == "strict"
    )
    assert {request["role"] for request in requests(root)} == {"coder", "evolver"}
    assert (
        world.git(root, "log", "--format=%(trailers:key=Ahe-Evolver,valueonly)", "--grep=Ahe-Change").split()
        == [f"scripted:{root / 'script.yaml'}"] * 2
    )
    asked = {each["key"]: str(each["payload"]) for each in requests(root) if each["role"] == "evolver"}
    assert "tell the agent to act: reverted" in asked["evolve/002/0"]
    assert not any(word in text for text in asked.values() for word in ("delta", "omega")), (
        "held-out is absent"
    )


def test_self_refuses_another_model_as_proposer(tmp_path: Path) -> None:
    root = world.write_project(tmp_path / "project", **{"model.evolver": {"name": "stronger"}})
    world.ahe(root, "init")
    said = world.ahe(root, "evolve", "--strategy", "self", check=2).stderr
    assert "the coder's own model proposes" in said and "[model.evolver] names stronger" in said
    assert not (root / "runs" / "ahe.sqlite").exists(), "refused before anything is measured"


def test_life_refuses_a_hook_that_blocks_what_worked_and_edits_beside_its_surfaces(tmp_path: Path) -> None:
    script = world.script()
    script["evolver"] = {
        "evolve/001/0": world.edit("memory.md", "Act at once, do not only talk.\n"),
        "evolve/001/1": world.commit("Say that it has to act"),
        "evolve/001/2": {
            "tool_calls": [
                {
                    "name": "run_shell_command",
                    "arguments": {"command": "rm /harness/memory.md; touch /harness/memory.md"},
                }
            ]
        },
        "evolve/001/3": world.edit("middleware/10_act.py", world.ACT),
        "evolve/001/4": world.commit("Turn written words into a command"),
        "evolve/002/0": world.edit("middleware/20_block.py", world.BLOCK),
        "evolve/002/1": world.commit("Block every call to be safe"),
        "*": "Nothing more to do.",
    }
    root = world.write_project(tmp_path / "project", script)
    world.ahe(root, "init")
    result = evolve(root, "--strategy", "life", "--iterations", "2")
    assert outcomes(result) == ["kept", ""], "the second edit was refused before it was measured"
    folder = root / "runs" / "iterations"
    assert "**action realization**" in (folder / "001" / "report.md").read_text("utf-8")
    said = [(folder / number / "evolver" / "trajectory.json").read_text("utf-8") for number in ("001", "002")]
    assert "memory: in this run an edit may touch" in said[0]
    assert "blocks a call that worked in a rollout that passed" in said[1]


def test_meta_shows_the_evolver_all_earlier_candidates_and_logs_what_it_reads(tmp_path: Path) -> None:
    def shell(command: str) -> dict[str, Any]:
        return {"tool_calls": [{"name": "run_shell_command", "arguments": {"command": command}}]}

    script = world.script()
    script["evolver"] |= {
        "evolve/003/0": shell("cd /evidence/candidates; cat index.md; ls -d *; cat */scores.json"),
        "evolve/003/1": shell(
            "cd /evidence/candidates; grep -rl 'class Block' . ; grep -rl 'WRITE alpha' . | wc -l"
        ),
        "evolve/003/2": shell("grep -rl 'omega\\|delta' /evidence /harness; echo searched"),
    }
    root = world.write_project(tmp_path / "project", script, evolve={"gate": "pareto"})
    world.ahe(root, "init")
    result = evolve(root, "--strategy", "meta", "--iterations", "3")
    assert [each["verdict"] and each["verdict"]["gate"] for each in result["iterations"]] == [
        "pareto",
        "pareto",
        None,
    ]
    assert outcomes(result)[1] == "reverted", "what was reverted is shown all the same"
    trace = json.loads(
        (root / "runs" / "iterations" / "003" / "evolver" / "trajectory.json").read_text("utf-8")
    )
    listed, found, canary = (
        step["observation"]["results"][0]["content"] for step in trace["steps"] if step.get("observation")
    )
    first, second = (each["commits"][0][:8] for each in result["iterations"][:2])
    assert "- the seed [seed/]" in listed and f"[001-1-{first}/]" in listed and f"[002-1-{second}/]" in listed
    assert "block every call to be safe: reverted" in listed
    assert '"tokens_per_rollout"' in listed and '"alpha-note"' in listed and '"passes": 2' in listed
    assert f"./002-1-{second}/harness/middleware/20_block.py" in found, "the source of a reverted candidate"
    assert int(found.split("\n")[1]) >= 3, "raw traces of every candidate"
    assert canary.startswith("searched"), "nothing of held-out tasks"
