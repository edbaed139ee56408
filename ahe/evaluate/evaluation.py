"""Measures harness versions on tasks: plans trials, runs those that are not in the store, several at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

from ahe.errors import AheError, AllBroken, BudgetExceeded
from ahe.evaluate.store import Store
from ahe.evaluate.trial import HarnessVersion, Planned, TrialRunner
from ahe.events import EvaluationFinished, EvaluationStarted, TrialFinished, TrialStarted
from ahe.protocols import Watcher
from ahe.records import Tally, Task, Trial

BROKEN = 6
"""So many trials in a row, of more than one task, broke in the same way: the run stops, burning nothing further."""
ALL_BROKEN = 4
"""So many are enough where they are all that was to be run."""

MEND = (
    "Nothing was scored 0. Mend that (`ahe doctor` looks at sandboxes and endpoint), then run the same "
    "command again: what is finished is kept, what broke is tried again."
)


class Evaluator:
    """Runs wanted trials, at most `jobs` at once. Finished trials are read, never run again.

    `most` is how many scored trials the store may come to hold, 0 for any number.
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

        Raises `AllBroken` where none of them could be scored, however few they are: nothing can be made of that.
        """
        wanted = [self.runner.plan(harness, task, n) for n in range(rollouts) for task in tasks]
        trials = await self.run(label, wanted)
        if trials and all(trial.status == "missing" for trial in trials):
            raise AllBroken(f"none of the {len(trials)} trials could be scored: {trials[-1].cause}\n{MEND}")
        return trials

    async def run(self, label: str, wanted: Sequence[Planned]) -> list[Trial]:
        """Run the wanted trials that the store does not hold; `missing` ones are tried again.

        Raises `BudgetExceeded`, and `AllBroken` when trial after trial broke in the same way: at once where
        none was scored before, else after twice as many as run at once. What is running then is cancelled;
        what is finished is kept. That what broke before breaks again says nothing new where other wanted trials
        have been scored: a task that can never run stops no run.
        """
        found = self.store.find([planned.id for planned in wanted])
        known = {key: trial for key, trial in found.items() if trial.status != "missing"}
        todo = [planned for planned in wanted if planned.id not in known]
        self._watcher.emit(EvaluationStarted(label, total=len(wanted), known=len(wanted) - len(todo)))
        room = max(0, self._most - self.store.count()) if self._most else len(todo)
        news = {planned.id: planned for planned in todo[:room] if not known or planned.id not in found}
        fresh: list[Trial] = []
        gate = asyncio.Semaphore(self._jobs)
        try:
            async with asyncio.TaskGroup() as group:
                for planned in todo[:room]:
                    group.create_task(self._one(planned, gate, fresh, news))
        except* AheError as errors:
            raise first(errors) from None
        if room < len(todo):
            raise BudgetExceeded(
                f"the budget of {self._most} rollouts is spent. What is done is kept: raise it under [budget] in "
                "ahe.toml and run the same command again"
            )
        trials = {**known, **{trial.id: trial for trial in fresh}}
        ordered = sorted((trials[p.id] for p in wanted), key=lambda t: (t.task, t.attempt))
        counts = [sum(t.status == status for t in ordered) for status in ("passed", "failed", "missing")]
        self._watcher.emit(EvaluationFinished(label, *counts))
        return ordered

    async def _one(
        self, planned: Planned, gate: asyncio.Semaphore, fresh: list[Trial], news: Mapping[str, Planned]
    ) -> None:
        async with gate:
            self._watcher.emit(TrialStarted(planned.task.name, planned.attempt))
            trial = await self.runner.run(planned)
        fresh.append(trial)
        self._watcher.emit(TrialFinished(trial))
        if trial.status == "missing" and planned.id in news:
            telling = [each for each in fresh if each.id in news or each.status != "missing"]
            if said := repeated_failure(telling, [*news.values()], self._jobs):
                raise AllBroken(said)


def repeated_failure(fresh: Sequence[Trial], todo: Sequence[Planned], jobs: int) -> str:
    """Why it makes no sense to go on after these trials of `todo`, in the order in which they ended; or nothing.

    One task that cannot run (its image, say) stops nothing where there are others.
    """
    last = list(takewhile(lambda trial: trial.status == "missing", reversed(fresh)))
    alike = list(takewhile(lambda trial: _kind(trial) == _kind(last[0]), last))
    enough = max(BROKEN, 2 * jobs) if len(alike) < len(fresh) else min(BROKEN, max(ALL_BROKEN, len(todo)))
    if len(alike) < enough and len(last) < max(2 * BROKEN, len(fresh)):
        return ""
    if len({trial.task for trial in last}) == 1 < len({planned.task.name for planned in todo}):
        return ""
    which = "first" if len(last) == len(fresh) else "last"
    how = f"the {which} {len(alike)} trials all broke in the same way"
    if len(alike) < enough:
        how = f"the first {len(last)} trials all broke, the last of them so"
    return f"{how}, so the run stops: {alike[0].cause}\n{MEND}"


def _kind(trial: Trial) -> str:
    """The cause of a broken trial without what differs between trials of one cause: names, paths, numbers."""
    return re.sub(r"/\S+|\b[0-9a-f]{8,}\b|\d+", "·", trial.cause.replace(trial.task, "·"))


def first(errors: BaseExceptionGroup[AheError]) -> AheError:
    """The first error of a group: concurrent trials mostly fail for one reason."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, AheError)
    return error


def tallies(trials: Iterable[Trial]) -> dict[str, Tally]:
    """Passes, scored and missing trials of each task."""
    counted: dict[str, Tally] = {}
    for trial in trials:
        old = counted.get(trial.task, Tally())
        missing = trial.status == "missing"
        counted[trial.task] = Tally(
            passes=old.passes + (trial.status == "passed"),
            n=old.n + (not missing),
            missing=old.missing + missing,
        )
    return counted


def pass_rate(counted: Mapping[str, Tally]) -> float | None:
    """Mean over tasks of their pass rates; tasks without a scored trial do not count. None without any."""
    rates = [tally.rate for tally in counted.values() if tally.rate is not None]
    return sum(rates) / len(rates) if rates else None
