"""Run the loop until something ends it."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ahe.errors import UsageError
from ahe.events import Estimated
from ahe.jobs.common import difference
from ahe.jobs.estimate import estimate
from ahe.loop.loop import IterationResult
from ahe.project.assemble import assemble, loop
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
    with run_lock(project):
        store = project.store()
        store.sweep()
        store.close()
        shutil.rmtree(project.config.runs / "scratch", ignore_errors=True)
        watcher.emit(Estimated(estimate(project, iterations=iterations)))
        async with assemble(project, watcher) as parts:
            before = parts.ledger.total
            results, stopped = await loop(parts, history, iterations).run()
            usage = difference(parts.ledger.total, before)
    return EvolveResult(iterations=results, stopped=stopped, usage=usage, seconds=time.monotonic() - started)


@contextmanager
def run_lock(project: Project) -> Iterator[None]:
    """Only one `ahe evolve` at a time in a project. The lock goes with the process, however it ends."""
    project.config.runs.mkdir(parents=True, exist_ok=True)
    with (project.config.runs / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(f"another `ahe evolve` is running in {project.root}: wait for it") from None
        yield
