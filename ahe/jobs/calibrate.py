"""Measure a harness against itself: its rollouts on train, from the store or new."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.stored import stored_trials
from ahe.evaluate.trial import HarnessVersion
from ahe.jobs.common import difference, version
from ahe.jobs.reading import reader
from ahe.project.assemble import assemble
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import Task, Trial, Usage

ROLLOUTS = 4


@dataclass(frozen=True)
class Rollouts:
    """The trials of one harness on train, in the order of task and attempt; how many are new, and their cost."""

    rev: str
    harness: str
    tasks: tuple[str, ...]
    trials: tuple[Trial, ...]
    ran: int
    usage: Usage


async def calibrate(
    project: Project, watcher: Watcher, *, rev: str = "HEAD", rollouts: int = ROLLOUTS
) -> Rollouts:
    """All rollouts of a harness on train, topped up to `rollouts` a task; what exists already is read, not run.

    A model is opened only where a trial is missing. Raises `BudgetExceeded` and `SandboxError` as `ahe eval` does.
    """
    history = project.history()
    if rev == "HEAD":
        history.require_clean()
    tasks = project.tasks_in_use(project.suite())[0]
    harness = version(project, history, rev)
    store = project.store()
    try:
        trials = _stored(reader(project, store), harness, tasks)
    finally:
        store.close()
    before, usage = {trial.id for trial in trials if trial.status != "missing"}, Usage()
    if not _complete(trials, tasks, rollouts):
        async with assemble(project, watcher) as parts:
            spent = parts.ledger.total
            await parts.evaluator.measure(f"calibrating {rev} on train", harness, tasks, rollouts)
            usage = difference(parts.ledger.total, spent)
            trials = _stored(parts.evaluator, harness, tasks)
    ran = sum(trial.id not in before for trial in trials)
    return Rollouts(rev, harness.id, tuple(task.name for task in tasks), trials, ran, usage)


def _stored(found: Evaluator | None, harness: HarnessVersion, tasks: Sequence[Task]) -> tuple[Trial, ...]:
    trials = stored_trials(found, harness, tasks) if found else []
    return tuple(sorted(trials, key=lambda trial: (trial.task, trial.attempt)))


def _complete(trials: Sequence[Trial], tasks: Sequence[Task], rollouts: int) -> bool:
    there = {(trial.task, trial.attempt) for trial in trials if trial.status != "missing"}
    return all((task.name, attempt) in there for task in tasks for attempt in range(rollouts))


def write_matrix(path: Path, trials: Sequence[Trial]) -> None:
    """The scored trials as task,trial,resolved: `benchmarks.gate --csv` and `ahe gate simulate --csv` read it."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("task", "trial", "resolved"))
        for trial in trials:
            if trial.status != "missing":
                rows.writerow((trial.task, trial.attempt, int(trial.status == "passed")))
