"""Whole runs of `ahe evolve` on the scripted model: every part is real but the model's mind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import world


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = world.write_project(tmp_path / "project")
    world.ahe(root, "init")
    return root


def requests(root: Path) -> list[tuple[str, str]]:
    lines = (root / "requests.jsonl").read_text().splitlines()
    return [(line["role"], line["key"]) for line in map(json.loads, lines)]


def test_a_good_change_is_kept_and_a_bad_one_reverted(project: Path) -> None:
    result = json.loads(world.ahe(project, "evolve", "--iterations", "2", "--json").stdout)
    assert [i["verdict"]["outcome"] for i in result["iterations"]] == ["kept", "reverted"]
    assert [i["rate"] for i in result["iterations"]] == [0.0, pytest.approx(2 / 3)]
    log = world.git(project, "log")
    assert "middleware: turn written words into a command" in log
    assert "Ahe-Verdict: kept" in log
    assert 'Revert "middleware: block every call to be safe"' in log
    assert world.git(project, "ls-files", "middleware").split() == [
        "middleware/.gitkeep",
        "middleware/10_act.py",
    ]
    assert {"ahe/iter-001", "ahe/iter-002", "ahe/best"} <= set(world.git(project, "tag").split())
    assert world.git(project, "status", "--porcelain") == ""
    lines = [json.loads(line) for line in (project / "requests.jsonl").read_text().splitlines()]
    (brief,) = [json.dumps(line["payload"]) for line in lines if line["key"] == "evolve/002/0"]
    assert "Your predictions so far: fixes" in brief, "the evolver sees its own record"
    assert "middleware: turn written words into a command: kept +" in brief


def test_going_back_by_hand_costs_no_rollout(project: Path) -> None:
    world.ahe(project, "evolve", "--iterations", "1")
    before = set(world.stored(project))
    kept = world.git(project, "rev-parse", "HEAD").strip()
    world.by_hand(project, "revert", "--no-edit", kept)
    world.ahe(project, "evolve", "--iterations", "1")
    assert set(world.stored(project)) == before
    head = world.git(project, "log", "-1", "--format=%s%n%N")
    assert head.startswith('Revert "middleware')
    assert "Ahe-Decided-By: person" in head
    assert world.git(project, "ls-files", "middleware").split() == ["middleware/.gitkeep"]


def test_a_tie_that_a_person_decided_takes_no_rollout_of_the_known_tree(tmp_path: Path) -> None:
    """The default gate would spend four extra rollouts a task and then held-out on two harnesses that measure alike."""
    root = world.write_project(tmp_path / "p", evolve={"gate": "bayes", "rollouts": 1})
    world.ahe(root, "init")
    world.ahe(root, "eval", "--rollouts", "1")
    (root / "workspace" / "memory.md").write_text("Say little.\n")
    world.by_hand(root, "commit", "-qam", "By hand")
    world.ahe(root, "eval", "--rollouts", "1")
    before = set(world.stored(root))
    assert len(before) == 2 * len(world.TRAIN)
    world.ahe(root, "evolve", "--iterations", "1")
    world.by_hand(root, "revert", "--no-edit", "HEAD")
    world.ahe(root, "evolve", "--iterations", "1")
    assert set(world.stored(root)) == before
    notes = world.git(root, "log", "-2", "--format=%N")
    assert notes.count("Ahe-Verdict: kept") == notes.count("Ahe-Decided-By: person") == 2
    assert "measured before (P = 0.50)" in notes


def test_an_uncommitted_edit_is_refused_and_nothing_lost(project: Path) -> None:
    memory = project / "workspace" / "memory.md"
    memory.write_text("mine\n")
    done = world.ahe(project, "evolve", "--iterations", "1", check=2)
    assert "memory.md" in done.stderr
    assert "Traceback" not in done.stderr
    assert memory.read_text() == "mine\n"


def test_a_commit_by_hand_is_measured_and_noted(project: Path) -> None:
    (project / "workspace" / "memory.md").write_text("Say little.\n")
    world.by_hand(project, "commit", "-qam", "By hand")
    world.ahe(project, "evolve", "--iterations", "1")
    log = world.git(project, "log", "-1", "--format=%s%n%N")
    assert log.startswith("By hand")
    assert "Ahe-Verdict: kept" in log


def test_a_budget_stops_cleanly_and_the_run_goes_on_after_it(project: Path) -> None:
    first = world.ahe(project, "evolve", "--iterations", "1", "--tokens", "1000")
    assert "budget" in first.stdout
    done = set(world.stored(project))
    world.ahe(project, "evolve", "--iterations", "1")
    assert done <= set(world.stored(project))
    assert "Ahe-Verdict: kept" in world.git(project, "log", "-1")


def proposal(text: str, **more: object) -> str:
    form = {
        "evidence": 1,
        "root_cause": "The agent describes what it would write and stops there.",
        "place": "memory",
        "name": "act",
        "text": text,
        "subject": "Tell the agent to act",
        "predicts": [world.TRAIN[0]],
        "risks": [],
        **more,
    }
    return json.dumps(form)


def test_a_form_becomes_a_commit_and_a_leak_goes_back_with_its_rule(tmp_path: Path) -> None:
    answers = world.script()
    answers["evolver"] = {
        "evolve/001/0": proposal("For alpha-note write alpha into the file."),
        "evolve/001/1": proposal("Write the file with a command before you answer."),
    }
    root = world.write_project(tmp_path / "project", answers, evolve={"editor": "proposal"})
    world.ahe(root, "init")
    result = json.loads(world.ahe(root, "evolve", "--iterations", "1", "--json").stdout)
    (iteration,) = result["iterations"]
    assert iteration["verdict"]["outcome"] == "reverted"
    assert "memory: tell the agent to act" in world.git(root, "log", "--format=%s")
    lines = [json.loads(line) for line in (root / "requests.jsonl").read_text().splitlines()]
    (again,) = [line for line in lines if line["key"] == "evolve/001/1"]
    refusal = again["payload"]["messages"][-1]["content"]
    assert "Refused" in refusal
    assert "memory.md" in refusal
    assert not any(name in refusal for name in (*world.TRAIN[1:], *world.HELDOUT, "heldout", "train"))
    assert again["payload"]["response_format"]["type"] == "json_schema"


def test_the_debuggers_answer_reaches_the_report(tmp_path: Path) -> None:
    """A debugger agent asks in its box, cites a place, and the evolver reads what it found."""
    answers = world.script()
    answers["debugger"] = {
        "*": {
            "tool_calls": [
                {
                    "name": "answer",
                    "arguments": {
                        "claims": [
                            {
                                "says": "It only says it.",
                                "citations": [{"at": "${label}#2", "quote": "${quote}"}],
                            }
                        ],
                        "root_cause": "The agent names a file and never writes it.",
                        "component": "middleware",
                        "hint": "Turn words into a command.",
                        "confidence": "high",
                    },
                }
            ],
            "copy_from": {"label": r"- ([0-9a-f]{8}) failed", "quote": r"(Write the word \w+ into)"},
        }
    }
    root = world.write_project(tmp_path / "p", answers, evolve={"iterations": 1, "debugger": "agent"})
    world.ahe(root, "init")
    world.ahe(root, "evolve", "--iterations", "1")
    report = (root / "runs" / "iterations" / "001" / "report.md").read_text("utf-8")
    assert "The agent names a file and never writes it." in report
    assert "unfounded" not in report and "no founded answer" not in report
