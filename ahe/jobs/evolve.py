"""Run the loop until something ends it."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence

from ahe.errors import BudgetExceeded
from ahe.events import Estimated
from ahe.history import History
from ahe.jobs.estimate import estimate
from ahe.loop.loop import IterationResult
from ahe.project.assemble import Parts, assemble, loop
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import Record, Usage


class EvolveResult(Record):
    """A run of the loop: its iterations, why it stopped, and what this process spent."""

    iterations: tuple[IterationResult, ...]
    stopped: str
    usage: Usage
    seconds: float


async def evolve(project: Project, watcher: Watcher, *, iterations: int | None = None) -> EvolveResult:
    """Run iterations until their number, the target, the patience or the budget ends them.

    What a killed run left is continued; a spent budget is a clean stop, not an error.
    """
    started = time.monotonic()
    history = project.history()
    results: list[IterationResult] = []
    with project.run_lock():
        store = project.store()
        store.sweep()
        store.close()
        shutil.rmtree(project.config.runs / "scratch", ignore_errors=True)
        watcher.emit(Estimated(estimate(project, iterations=iterations)))
        async with assemble(project, watcher) as parts:
            stopped = await _iterations(parts, history, results, iterations)
    seconds = time.monotonic() - started
    return EvolveResult(iterations=tuple(results), stopped=stopped, usage=parts.spent, seconds=seconds)


async def _iterations(
    parts: Parts, history: History, results: list[IterationResult], iterations: int | None
) -> str:
    """Iterate, collecting results. Returns why it stopped."""
    table = parts.project.config.evolve
    wanted = table.iterations if iterations is None else iterations
    run = loop(parts, history)
    fruitless = 0
    try:
        for _ in range(wanted):
            result = await run.iterate()
            results.append(result)
            if stuck := undecided_again(results):
                return stuck
            kept = result.verdict is not None and result.verdict.outcome == "kept"
            fruitless = 0 if kept else fruitless + 1
            if result.new_rate is not None and result.new_rate >= table.target:
                return f"the target of {table.target:.0%} on train is reached"
            if table.patience and fruitless >= table.patience:
                return f"{fruitless} iterations in a row kept nothing"
    except BudgetExceeded as error:
        return str(error)
    return f"{wanted} iteration{'' if wanted == 1 else 's'} done"


def undecided_again(results: Sequence[IterationResult]) -> str:
    """Why measuring a third time would be in vain, after two iterations without a verdict; else nothing."""
    last = [result.verdict for result in results[-2:]]
    if len(last) < 2 or any(verdict is None or verdict.outcome != "undecided" for verdict in last):
        return ""
    assert last[1] is not None
    return (
        f"the candidate is undecided for the second time: {last[1].reason}. Nothing is reverted; the trials that "
        "broke say why (`ahe trace ID`). Mend that and run the same command again"
    )
