"""`ahe evolve` killed with SIGKILL at twenty random moments ends where an undisturbed run ends."""

from __future__ import annotations

import json
import random
import sqlite3
from pathlib import Path

import killing
import world

KILLS = 20


def finished(root: Path) -> dict[str, str]:
    """Trials whose row is committed, with their whole record (it holds when they started)."""
    if not (root / "runs" / "ahe.sqlite").exists():
        return {}
    with sqlite3.connect(root / "runs" / "ahe.sqlite") as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'trial'").fetchone():
            return {}
        return dict(db.execute("SELECT id, record FROM trial"))


def answered(root: Path) -> int:
    with sqlite3.connect(root / "runs" / "ahe.sqlite") as db:
        return int(db.execute("SELECT count(*) FROM answer").fetchone()[0])


def state(root: Path) -> dict[str, object]:
    """What must not depend on kills: trees, verdicts, tags, outcomes. Not: commit ids, times, costs."""
    log = json.loads(world.ahe(root, "log", "--json").stdout)
    trials = [json.loads(record) for record in finished(root).values()]
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
    killed, before = 0, finished(root)
    while done(root) < 2:
        process = killing.start(root, "evolve", "--iterations", str(2 - done(root)))
        if killed < kills:
            killed += killing.killed_after(process, root, dice.randint(1, 4), dice.uniform(0, 0.2))
        else:
            assert process.wait() == 0
        now = finished(root)
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
        assert answered(root) == answered(tmp_path / "calm")
        assert not list((root / "runs").glob("scratch/evolve-*"))


def done(root: Path) -> int:
    """How many iterations are closed by their tag."""
    return len(world.git(root, "tag", "--list", "ahe/iter-*").split())
