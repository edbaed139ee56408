"""Measure one version of the harness."""

from __future__ import annotations

import time

from ahe.errors import UsageError
from ahe.evaluate.evaluation import pass_rate, tallies
from ahe.jobs.common import difference, version
from ahe.project.assemble import Parts, assemble
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import Record, Split, Tally, Task, Usage


class EvalResult(Record):
    """An evaluation: pass rate (mean over tasks), tallies by task, and the ids of its trials."""

    label: str
    harness: str
    rate: float | None
    tallies: dict[str, Tally]
    trials: tuple[str, ...]
    usage: Usage
    seconds: float


async def evaluate(
    project: Project,
    watcher: Watcher,
    *,
    rev: str = "HEAD",
    split: Split = "train",
    rollouts: int | None = None,
    tasks: tuple[str, ...] = (),
) -> EvalResult:
    """Measure the harness at a revision on a split, or on the tasks named."""
    started = time.monotonic()
    history = project.history()
    if rev == "HEAD":
        history.require_clean()
    async with assemble(project, watcher) as parts:
        before = parts.ledger.total
        chosen = _chosen(project, parts, split, tasks)
        harness = version(project, history, rev)
        label = f"{rev} on {', '.join(tasks) if tasks else split}"
        k = rollouts or project.config.evolve.rollouts
        trials = await parts.evaluator.measure(label, harness, chosen, k)
        usage = difference(parts.ledger.total, before)
    counted = tallies(trials)
    return EvalResult(
        label=label,
        harness=harness.id,
        rate=pass_rate(counted),
        tallies=counted,
        trials=tuple(trial.id for trial in trials),
        usage=usage,
        seconds=time.monotonic() - started,
    )


def _chosen(project: Project, parts: Parts, split: Split, names: tuple[str, ...]) -> tuple[Task, ...]:
    unknown = [name for name in names if name not in parts.suite.tasks]
    if unknown:
        raise UsageError(f"no task {', '.join(unknown)} in {parts.suite.path}; see `ahe tasks list`")
    if names:
        return tuple(parts.suite.tasks[name] for name in names)
    return parts.suite.part(split, quick=project.config.suite.quick)
