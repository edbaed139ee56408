"""`ahe evolve` killed with SIGKILL at twenty random moments ends where an undisturbed run ends."""

from __future__ import annotations

import json
import random
from pathlib import Path

import killing
import world

KILLS = 20


def state(root: Path) -> dict[str, object]:
    """What must not depend on kills: trees, verdicts, tags, outcomes. Not: commit ids, times, costs."""
    log = json.loads(world.ahe(root, "log", "--json").stdout)
    trials = world.stored(root).values()
    rows = world.git(
        root, "log", "--format=%s|%T|%(trailers:key=Ahe-Change,valueonly,separator=%x2C)"
    ).splitlines()
    tags = {
        tag: world.git(root, "rev-parse", f"{tag}^{{tree}}").strip() for tag in world.git(root, "tag").split()
    }
    return {
        "commits": rows,
        "tags": tags,
        "verdicts": [line.get("verdict") for line in log] if isinstance(log, list) else log.get("verdicts"),
        "trials": sorted((t["harness"], t["task"], t["attempt"], t["status"]) for t in trials),
        "clean": world.git(root, "status", "--porcelain"),
    }


def without_costs(value: object) -> object:
    """The same without what honestly differs: commit ids, costs, and which rollouts were fresh."""
    if isinstance(value, dict):
        dropped = ("incumbent", "candidate", "usage", "rollouts")
        return {key: without_costs(part) for key, part in value.items() if key not in dropped}
    return [without_costs(part) for part in value] if isinstance(value, list) else value


def storm(root: Path, dice: random.Random, kills: int) -> int:
    """Run to the end with at most `kills` kills on the way. Returns how many there were."""
    killed, before = 0, world.stored(root)
    while done(root) < 2:
        process = killing.start(root, "evolve", "--iterations", str(2 - done(root)))
        if killed < kills:
            killed += killing.killed_after(process, root, dice.randint(1, 4), dice.uniform(0, 0.2))
        else:
            assert process.wait() == 0
        now = world.stored(root)
        assert before.items() <= now.items(), "a finished trial was run again"
        before = now
    return killed


def test_twenty_kills_change_nothing(tmp_path: Path) -> None:
    world.write_project(tmp_path / "calm")
    world.ahe(tmp_path / "calm", "init")
    world.ahe(tmp_path / "calm", "evolve", "--iterations", "2")
    wanted = without_costs(state(tmp_path / "calm"))
    dice, kills, number = random.Random(7), 0, 0
    while kills < KILLS:
        number += 1
        root = world.write_project(tmp_path / f"storm-{number}")
        world.ahe(root, "init")
        killed = storm(root, dice, KILLS - kills)
        assert killed, "nothing was killed on the way"
        kills += killed
        assert without_costs(state(root)) == wanted
        answers = "SELECT count(*) FROM answer"
        assert world.rows(root, answers) == world.rows(tmp_path / "calm", answers)
        assert not list((root / "runs").glob("scratch/*/evolve-*"))


def test_no_reply_of_debugger_or_evolver_is_paid_for_twice(tmp_path: Path) -> None:
    """Four kills between their calls; what they list on the way would differ if it showed when it was made."""
    answers = world.script()
    claim = {"says": "It only says it.", "citations": [{"at": "${label}#2", "quote": "${quote}"}]}
    given = {"claims": [claim], "root_cause": "It acts on nothing.", "hint": "", "component": "none"}
    answers["debugger"] = {
        "debug/*/0": listing("/rollouts /rollouts/* /raw /before /notes"),
        "debug/*/1": listing("/raw/*/* /rollouts/*/*"),
        "*": {
            "tool_calls": [{"name": "answer", "arguments": {**given, "confidence": "low"}}],
            "copy_from": {"label": r"- ([0-9a-f]{8}) failed", "quote": r"(Write the word \w+ into)"},
        },
    }
    first, second = (answers["evolver"][f"evolve/001/{turn}"] for turn in (0, 1))
    evolver = (listing("/harness /harness/* /evidence /evidence/* /evidence/*/*"), first, second)
    answers["evolver"] = {f"evolve/001/{turn}": each for turn, each in enumerate(evolver)}
    root = world.write_project(tmp_path / "p", answers, evolve={"debugger": "agent", "jobs": 1})
    world.ahe(root, "init")
    world.ahe(root, "eval")
    for _ in range(4):
        process = killing.start(root, "evolve", "--iterations", "1")
        assert killing.killed_after(process, root, 2), "it ended before"
    world.ahe(root, "evolve", "--iterations", "1")
    lines = (root / "requests.jsonl").read_text().splitlines()
    asked = [line["key"] for line in map(json.loads, lines) if line["role"] != "coder"]
    assert len(set(asked)) == 3 * len(world.TRAIN) + len(evolver)
    assert len(asked) - len(set(asked)) <= 4, "calls in flight"
    assert world.rows(root, "SELECT count(*) FROM answer") == [(len(set(asked)),)]


def listing(places: str) -> dict[str, object]:
    command = f"ls -la --time-style=full-iso {places}"
    return {"tool_calls": [{"name": "run_shell_command", "arguments": {"command": command}}]}


def done(root: Path) -> int:
    """How many iterations are closed by their tag."""
    return len(world.git(root, "tag", "--list", "ahe/iter-*").split())
