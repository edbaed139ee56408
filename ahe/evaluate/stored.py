"""Trials that exist already, read without opening a model: for looking back at no cost.

A stored trial says which model and environment it ran with. What is pooled here shares them: the task as it
stands in the suite, one model, and for each task one environment.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from ahe.evaluate.evaluation import tallies
from ahe.records import Tally, Task, Trial

Arms = tuple[list[Trial], list[Trial]]


def paired(
    one: Sequence[Trial], other: Sequence[Trial], tasks: Iterable[Task], *, fresh: bool = False
) -> Arms:
    """The trials of two harnesses at these tasks that may be compared, in the order in which they came.

    Plain trials, or with `fresh` those of leave-one-out attribution: the two are never pooled.
    Where several models were used, that of which the smaller arm has most; of equals the one used last.
    """
    wanted = {task.name: task.digest for task in tasks}
    arms = [
        [t for t in arm if wanted.get(t.task) == t.task_digest and t.fresh is fresh] for arm in (one, other)
    ]
    if not any(arms):
        return [], []
    counts = [Counter(t.model for t in arm) for arm in arms]
    last: dict[str, str] = {}
    for trial in (*arms[0], *arms[1]):
        last[trial.model] = max(last.get(trial.model, ""), trial.started)
    model = max(last, key=lambda m: (min(c[m] for c in counts), max(c[m] for c in counts), last[m]))
    where: dict[str, tuple[str, str]] = {}
    for trial in (t for arm in arms for t in arm if t.model == model):
        where[trial.task] = max(where.get(trial.task, ("", "")), (trial.started, trial.environment))
    kept = [[t for t in a if t.model == model and t.environment == where[t.task][1]] for a in arms]
    return kept[0], kept[1]


def pairs_of(arms: Arms) -> dict[str, tuple[Tally, Tally]]:
    """Tallies by task; a task that one arm lacks has an empty tally there."""
    one, other = (tallies(arm) for arm in arms)
    return {task: (one.get(task, Tally()), other.get(task, Tally())) for task in sorted({*one, *other})}
