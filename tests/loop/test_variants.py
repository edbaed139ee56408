"""Variants of an iteration: they race on rollouts of their own, and the gate judges the winner as if it were alone."""

from __future__ import annotations

import json
import math
from pathlib import Path
from random import Random
from statistics import fmean
from typing import Any

import killing
import pytest
import world
from test_playbook_run import write_play

from ahe.gate.bayes import BayesGate
from ahe.loop.variants import TASKS, better_half, race_rollouts, round_tasks
from ahe.power.simulate import Arm, SimulatedComparison
from ahe.power.worlds import Edit, apply, draw_rates
from ahe.records import RACE

NOTE = """\
class Note:
    async def on_start(self, ctx):
        ctx.note("begun")
"""


def script() -> dict[str, Any]:
    """The first variant changes nothing, the second makes tasks pass, the third blocks every call."""
    answers = world.script()
    codes = {"": ("10_note", NOTE), "-2": ("10_act", world.ACT), "-3": ("20_block", world.BLOCK)}
    answers["evolver"] = {"*": "Nothing more to do."}
    for label, (name, code) in codes.items():
        answers["evolver"][f"evolve/001{label}/0"] = world.edit(f"middleware/{name}.py", code)
        answers["evolver"][f"evolve/001{label}/1"] = world.commit(f"Add the middleware {name}")
    return answers


def make(root: Path) -> Path:
    world.write_project(root, script(), evolve={"variants": 3, "iterations": 1})
    world.ahe(root, "init")
    return root


def attempts(root: Path, rev: str) -> dict[str, set[int]]:
    """The attempts of a version's trials, by task."""
    harness = json.loads(world.ahe(root, "log", "--all", "--json").stdout)
    found: dict[str, set[int]] = {}
    ids = {row["change"]: (row["verdict"] or {}).get("harnesses") for row in harness}
    for trial in world.stored(root).values():
        if trial["harness"] == ids[rev][1]:
            found.setdefault(trial["task"], set()).add(trial["attempt"])
    return found


def test_the_best_variant_is_judged_afresh_and_the_others_stay_as_branches(tmp_path: Path) -> None:
    root = make(tmp_path / "project")
    said = world.ahe(root, "evolve")
    assert "variant/001-2 won the race and goes to the gate" in said.stderr
    rows = {row["change"]: row for row in json.loads(world.ahe(root, "log", "--all", "--json").stdout)}
    assert {name: row["outcome"] for name, row in rows.items() if name} == {
        "001-1": "lost",
        "001-2": "kept",
        "001-3": "lost",
    }
    assert [row["change"] for row in json.loads(world.ahe(root, "log", "--json").stdout)] == ["001-2", ""]
    assert rows["001-3"]["tags"] == ["ahe/variant/001-3"]
    lost = rows["001-1"]["verdict"]
    assert lost["reason"].startswith("lost the race to variant/001-2: 0 of ") and lost["rollouts"] >= 3
    assert "2 lost" in world.ahe(root, "log", "--all").stdout and "lost" not in world.ahe(root, "log").stdout
    assert "lost the race" in world.ahe(root, "show", "001-3").stdout
    assert "Ahe-Verdict: lost" in world.git(root, "log", "-1", "ahe/variant/001-1", "--format=%N")

    won = attempts(root, "001-2")
    assert all({0, 1} <= won[task] for task in world.TRAIN), "the gate measured it on plain rollouts"
    assert rows["001-2"]["verdict"]["tasks"][0]["n_c"] == 2, "and those of the race do not count"
    assert all(max(won[task]) >= RACE for task in world.TRAIN)
    assert all(min(tried) >= RACE for tried in attempts(root, "001-1").values())
    assert not any(max(tried) >= RACE for task, tried in won.items() if task in world.HELDOUT)
    assert world.git(root, "status", "--porcelain") == "" and not list(root.glob("runs/scratch/*/evolve-*"))

    requests = [json.loads(line) for line in (root / "requests.jsonl").read_text().splitlines()]
    second = json.dumps(next(each for each in requests if each["key"] == "evolve/001-2/0")["payload"])
    assert "Your direction" in second and "middleware: add the middleware 10_note" in second
    assert "Your direction" not in json.dumps(
        next(each for each in requests if each["key"] == "evolve/001/0")["payload"]
    )


@pytest.mark.parametrize(
    "pattern", ["update-ref -m ahe: variant*", "update-ref -m ahe: verdicts*", "merge --ff-only*"]
)
def test_a_kill_in_the_middle_duplicates_nothing(tmp_path: Path, pattern: str) -> None:
    root = make(tmp_path / "project")
    killing.killed_at_git(root, pattern, "evolve", after="update" in pattern)
    before = world.stored(root)
    world.ahe(root, "evolve")
    assert before.items() <= world.stored(root).items()
    rows = json.loads(world.ahe(root, "log", "--all", "--json").stdout)
    found = [(row["change"], row["outcome"]) for row in rows]
    assert found[:2] == [("001-2", "kept"), ("", "")]
    assert sorted(found[2:]) == [("001-1", "lost"), ("001-3", "lost")], (
        "those of one second come in any order"
    )
    requests = [json.loads(line) for line in (root / "requests.jsonl").read_text().splitlines()]
    asked = [each["key"] for each in requests if each["role"] == "evolver"]
    assert sorted(set(asked)) == sorted(asked), "no answer is paid for twice"
    assert len(world.git(root, "branch", "--list", "ahe/variant/*").split()) == 3
    assert world.git(root, "status", "--porcelain") == ""
    assert len(world.git(root, "worktree", "list").splitlines()) == 1


def test_plays_race_by_their_fit(tmp_path: Path) -> None:
    root = world.write_project(tmp_path / "project")
    write_play(root, "act", "10_act.py", world.ACT)
    write_play(root, "block", "20_block.py", world.BLOCK)
    world.ahe(root, "init")
    world.ahe(root, "evolve", "--strategy", "playbook", "--iterations", "1", "--variants", "2")
    rows = json.loads(world.ahe(root, "log", "--all", "--json").stdout)
    assert [row["outcome"] for row in rows if row["change"]] == ["kept", "lost"]
    log = world.git(root, "log", "--all", "--format=%B")
    assert log.count("Ahe-Play: act@") == log.count("Ahe-Play: block@") == 1


def test_halving_keeps_the_better_half() -> None:
    assert better_half({"a": 0.5, "b": None, "c": 1.0, "d": 0.5}) == ["c", "a"]
    assert better_half({"a": 0.0, "b": 0.0}) == ["a"]
    assert better_half({"a": 0.1, "b": None, "c": 0.2}) == ["c", "a"]
    assert (race_rollouts(1, 10), race_rollouts(2, 10), race_rollouts(4, 10)) == (0, 20, 60)
    assert race_rollouts(3, 1_000) == 5 * TASKS
    names = [f"t{n}" for n in range(100)]
    assert len(set(round_tasks(names, "s", 0))) == TASKS and round_tasks(names, "s", 0) != round_tasks(
        names, "s", 1
    )
    assert sorted(round_tasks(names[:5], "s", 0)) == names[:5]


TRAIN = 24


def share_of_nulls_kept(variants: int, runs: int, *, leaking: bool = False) -> float:
    """The share of iterations that keep a change, where no variant changes the mean pass rate.

    With `leaking` the rollouts of the race count in the verdict: what must not be.
    """
    kept = []
    for run in range(runs):
        random = Random(f"nulls {run}")
        incumbent = Arm(draw_rates(TRAIN, random))
        for task in range(TRAIN):
            incumbent.roll(task, 2, random)
        raced = {
            str(n): Arm(apply(Edit(("churn", "noop")[n % 2]), incumbent.rates, random))
            for n in range(variants)
        }
        alive, number = list(raced), 0
        while len(alive) > 1:
            for name in alive:
                for task in round_tasks([str(n) for n in range(TRAIN)], str(run), number):
                    raced[name].roll(int(task), number + 1, random)
            scores = {
                name: fmean(tally.rate or 0.0 for tally in raced[name].tallies.values()) for name in alive
            }
            alive, number = better_half(scores), number + 1
        winner = raced[alive[0]]
        candidate = winner if leaking else Arm(winner.rates)
        compared = SimulatedComparison(incumbent, candidate, TRAIN, 2, name=str(run))
        kept.append(compared.decide(BayesGate(), random)[0].outcome == "kept")
    return fmean(kept)


def test_the_luck_of_the_race_does_not_enter_the_verdict() -> None:
    runs = 1_500
    alone, best_of_four = share_of_nulls_kept(1, runs), share_of_nulls_kept(4, runs)
    noise = math.sqrt(2 * alone * (1 - alone) / runs)
    assert abs(best_of_four - alone) < 2.5 * noise, (alone, best_of_four)
    assert share_of_nulls_kept(4, runs, leaking=True) > alone + 5 * noise, "else this test could not fail"
