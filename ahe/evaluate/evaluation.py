"""Measures harness versions on tasks: runs the trials that the store lacks, several at once."""

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from statistics import fmean
from typing import NamedTuple

from ahe.errors import AllBroken, BudgetExceeded
from ahe.evaluate.store import Store
from ahe.evaluate.trial import HarnessVersion, Planned, TrialRunner
from ahe.events import EvaluationFinished, EvaluationStarted, TrialFinished, TrialStarted
from ahe.protocols import Watcher
from ahe.records import Tally, Task, Trial

BROKEN = 6
"""After this many trials in a row, of more than one task, that broke in the same way, the run stops."""
BROKEN_OF_ALL = 4
"""The same if every trial so far broke and no more than this number were to be run."""

REMEDY = (
    "Nothing was scored 0. Fix the cause (`ahe doctor` checks sandboxes and the endpoint, `ahe models test` what the "
    "endpoint accepts), then run the same command again: finished trials are kept, broken ones are tried again."
)


class Evaluation(NamedTuple):
    """All wanted trials in the order of task and attempt, and by id those that had to be run."""

    trials: list[Trial]
    ran: dict[str, Trial]


class Evaluator:
    """Runs wanted trials, at most `jobs` at once. Finished trials are read from the store, never run again.

    `most` is the budget: how many scored trials the store may hold in the end; 0 means no limit.
    """

    def __init__(self, store: Store, runner: TrialRunner, watcher: Watcher, jobs: int, most: int = 0) -> None:
        self.store = store
        self.runner = runner
        self._watcher = watcher
        self._jobs = jobs
        self._most = most

    async def measure(
        self, label: str, harness: HarnessVersion, tasks: Iterable[Task], rollouts: int
    ) -> list[Trial]:
        """Bring every task to `rollouts` attempts. Returns the trials, in the order of task and attempt.

        Raises `AllBroken` if none of them could be scored, even if there are only a few.
        """
        trials = (await self.in_turns(label, [(harness, task, rollouts) for task in tasks])).trials
        if trials and all(trial.status == "missing" for trial in trials):
            raise AllBroken(f"none of the {len(trials)} trials could be scored: {trials[-1].cause}\n{REMEDY}")
        return trials

    async def in_turns(
        self, label: str, goals: Sequence[tuple[HarnessVersion, Task, int]], first: int = 0
    ) -> Evaluation:
        """The n attempts (from `first` on) of each (harness, task, n), in turns; see `evaluate`.

        The arms alternate, so that a drifting endpoint affects them alike.
        """
        turns, plan = range(max((n for *_, n in goals), default=0)), self.runner.plan
        wanted = [
            plan(harness, task, first + turn) for turn in turns for harness, task, n in goals if turn < n
        ]
        return await self.evaluate(label, [*{planned.id: planned for planned in wanted}.values()])

    async def evaluate(self, label: str, wanted: Sequence[Planned]) -> Evaluation:
        """Run the wanted trials that the store does not hold; `missing` ones are tried again.

        Raises `BudgetExceeded`, and `AllBroken` if one trial after the other breaks (see `repeated_failure`). Then
        running trials are cancelled and finished ones kept. If other wanted trials have been scored, a trial that was
        missing before and breaks again does not count for `AllBroken`: one task that can never run does not stop the
        others.
        """
        found = self.store.find([planned.id for planned in wanted])
        known = {key: trial for key, trial in found.items() if trial.status != "missing"}
        todo = [planned for planned in wanted if planned.id not in known]
        self._watcher.emit(EvaluationStarted(label, total=len(wanted), known=len(wanted) - len(todo)))
        room = max(0, self._most - self.store.count()) if self._most else len(todo)
        new = {planned.id: planned for planned in todo[:room] if not known or planned.id not in found}
        ran: list[Trial] = []
        gate = asyncio.Semaphore(self._jobs)
        try:
            async with asyncio.TaskGroup() as group:
                for planned in todo[:room]:
                    group.create_task(self._one(planned, gate, ran, new))
        except* Exception as errors:
            raise _first(errors) from None
        if room < len(todo):
            raise BudgetExceeded(
                f"the budget of {self._most} rollouts is spent. What is done is kept: raise it under [budget] in "
                "ahe.toml and run the same command again"
            )
        by_id = {trial.id: trial for trial in ran}
        trials = {**known, **by_id}
        ordered = sorted((trials[p.id] for p in wanted), key=lambda t: (t.task, t.attempt))
        counts = [sum(t.status == status for t in ordered) for status in ("passed", "failed", "missing")]
        self._watcher.emit(EvaluationFinished(label, *counts))
        return Evaluation(ordered, by_id)

    async def _one(
        self, planned: Planned, gate: asyncio.Semaphore, ran: list[Trial], new: Mapping[str, Planned]
    ) -> None:
        async with gate:
            self._watcher.emit(TrialStarted(planned.task.name, planned.attempt))
            trial = await self.runner.run(planned)
        ran.append(trial)
        self._watcher.emit(TrialFinished(trial))
        if trial.status == "missing" and planned.id in new:
            evidence = [each for each in ran if each.id in new or each.status != "missing"]
            if reason := repeated_failure(evidence, [*new.values()], self._jobs):
                raise AllBroken(reason)


def repeated_failure(ran: Sequence[Trial], todo: Sequence[Planned], jobs: int) -> str:
    """Why the run should stop after these trials of `todo`, in the order in which they ended; "" to continue.

    It stops if the last trials broke in the same way: `BROKEN` of them, or twice `jobs` if not all did, or
    `BROKEN_OF_ALL` if no more were to be run; and if all broke in any ways, at least twice `BROKEN`. One task that
    cannot run, for example because of its image, does not stop a run of several.
    """
    last = list(takewhile(lambda trial: trial.status == "missing", reversed(ran)))
    alike = list(takewhile(lambda trial: _kind(trial) == _kind(last[0]), last))
    enough = min(BROKEN, max(BROKEN_OF_ALL, len(todo))) if len(alike) == len(ran) else max(BROKEN, 2 * jobs)
    all_broke = len(last) == len(ran)
    one_of_several = len({trial.task for trial in last}) == 1 < len({planned.task.name for planned in todo})
    if one_of_several or (len(alike) < enough and not (all_broke and len(last) >= 2 * BROKEN)):
        return ""
    how = f"the {'first' if len(alike) == len(ran) else 'last'} {len(alike)} trials all broke in the same way"
    if len(alike) < enough:
        how = f"the first {len(last)} trials all broke, the last of them with this cause"
    return f"{how}, so the run stops: {last[0].cause}\n{REMEDY}"


def _kind(trial: Trial) -> str:
    """The cause of a broken trial without names, paths and numbers, which differ between trials of one cause."""
    return re.sub(r"/\S+|\b[0-9a-f]{8,}\b|\d+", "·", trial.cause.replace(trial.task, "·"))


def _first(errors: ExceptionGroup[Exception]) -> Exception:
    """The first error of a group: concurrent trials mostly fail for the same reason."""
    error: Exception = errors
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error


def tallies(trials: Iterable[Trial]) -> dict[str, Tally]:
    """Passes, scored and missing trials of each task."""
    credits: dict[str, list[float | None]] = {}
    for trial in trials:
        credits.setdefault(trial.task, []).append(trial.credit)
    return {task: Tally.of(each) for task, each in credits.items()}


def pass_rate(counted: Mapping[str, Tally]) -> float | None:
    """Mean of the tasks' pass rates, without tasks that have no scored trial; None if no task has one."""
    rates = [tally.rate for tally in counted.values() if tally.rate is not None]
    return sum(rates) / len(rates) if rates else None


def mean_reward(counted: Mapping[str, Tally]) -> float | None:
    """Mean of the tasks' mean rewards; None where every reward is 0 or 1, so that the pass rate says it all."""
    means = [tally.mean for tally in counted.values() if tally.mean is not None]
    return fmean(means) if any(tally.between for tally in counted.values()) else None
