"""The bar: what simple retries of the seed reach, and at what price.

A published critique (arXiv 2607.12227) finds evolved harnesses no better than retries. pass@2 assumes an oracle that
picks the better of two tries, so it is a strict bar. Of n rollouts of a task with b passes it is estimated without bias
as 1 − C(n−b, 2)/C(n, 2) (Chen et al., arXiv 2107.03374).
"""

from collections.abc import Collection, Iterable, Sequence
from math import comb
from statistics import fmean

from ahe.records import Trial, TwoTries


def pass_at(tries: int, passes: int, rollouts: int) -> float:
    """The chance that at least one of `tries` different rollouts passes. Raises `ValueError` with too few rollouts."""
    if not 0 <= passes <= rollouts or rollouts < tries:
        raise ValueError(
            f"pass@{tries} needs {tries} rollouts or more, and not {passes} passes of {rollouts}"
        )
    return 1 - comb(rollouts - passes, tries) / comb(rollouts, tries)


def two_tries(trials: Iterable[Trial]) -> TwoTries | None:
    """pass@1 and pass@2 over the tasks with two scored trials or more; None where there is no such task.

    The second try costs something only where the first one failed: the oracle sees that.
    """
    by_task: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.status != "missing":
            by_task.setdefault(trial.task, []).append(trial)
    tasks = [each for each in by_task.values() if len(each) >= 2]
    if not tasks:
        return None
    return TwoTries(
        tasks=len(tasks),
        once=fmean(pass_at(1, _passes(task), len(task)) for task in tasks),
        twice=fmean(pass_at(2, _passes(task), len(task)) for task in tasks),
        tokens_once=fmean(fmean(map(_tokens, task)) for task in tasks),
        tokens_twice=fmean(_tokens_twice(task) for task in tasks),
    )


def tokens_per_task(
    arms: tuple[Sequence[Trial], Sequence[Trial]], tasks: Collection[str]
) -> tuple[float, float] | None:
    """Mean tokens of a scored trial in either arm, each task counting equally; None without tasks."""
    means = []
    for arm in arms:
        scored = [trial for trial in arm if trial.status != "missing"]
        by_task = ([_tokens(trial) for trial in scored if trial.task == task] for task in tasks)
        means.append([fmean(spent) for spent in by_task if spent])
    return (fmean(means[0]), fmean(means[1])) if all(means) else None


def _tokens_twice(task: Sequence[Trial]) -> float:
    """Mean over all ordered pairs of different trials: the first one, and the second one if the first failed."""
    total = sum(map(_tokens, task))
    spent = [
        _tokens(trial) + (trial.status != "passed") * (total - _tokens(trial)) / (len(task) - 1)
        for trial in task
    ]
    return fmean(spent)


def _passes(task: Sequence[Trial]) -> int:
    return sum(trial.status == "passed" for trial in task)


def _tokens(trial: Trial) -> int:
    return (trial.usage + trial.side_usage).tokens
