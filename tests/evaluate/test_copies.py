"""Rollouts that are copies of each other, found by what the model said."""

from __future__ import annotations

from pathlib import Path

import made_trials

from ahe.evaluate.stored import copies
from ahe.records import Trial


def attempts(runs: Path, *said: str, task: str = "task-a", statuses: str = "") -> list[Trial]:
    trials = []
    for number, text in enumerate(said):
        name = f"{task}-{number}"
        made_trials.trace(runs, name, [(f"echo {text}", f"at {number} o'clock")], answer=text)
        status = {"p": "passed", "m": "missing"}.get(statuses[number : number + 1], "failed")
        trials.append(made_trials.trial(name, task, status, number))
    return trials


def test_the_same_words_are_copies_whatever_the_commands_gave(tmp_path: Path) -> None:
    trials = [*attempts(tmp_path, "a", "a", "b", "a"), *attempts(tmp_path, "a", "c", task="task-b")]
    found = copies(trials, tmp_path / "trials")
    assert (found.trials, found.distinct, found.copied) == (6, 4, 2)
    assert found.tasks == ("task-a",) and found.disagreeing == ()


def test_the_same_words_with_two_outcomes_are_named(tmp_path: Path) -> None:
    found = copies(attempts(tmp_path, "a", "a", statuses="pf"), tmp_path / "trials")
    assert found.disagreeing == ("task-a",)


def test_missing_trials_and_lost_traces_are_not_looked_at(tmp_path: Path) -> None:
    trials = attempts(tmp_path, "a", "a", "a", statuses="fmf")
    (tmp_path / "trials" / "task-a-2" / "trajectory.json").write_text("{")
    assert copies([*trials, made_trials.trial("gone")], tmp_path / "trials").trials == 1
