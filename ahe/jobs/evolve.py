"""Run the loop until something ends it."""

from __future__ import annotations

import time
from contextlib import closing

from ahe.events import Estimated, NullWatcher
from ahe.files import remove_tree
from ahe.jobs.estimate import estimate
from ahe.loop.loop import IterationResult
from ahe.project.assemble import assemble, loop
from ahe.project.project import Project
from ahe.protocols import Gate, MakeEnvironment, Watcher
from ahe.records import Record, Usage

QUIET = NullWatcher()


class EvolveResult(Record):
    """A run of the loop: its iterations, why it stopped, and what this process spent."""

    iterations: tuple[IterationResult, ...]
    stopped: str
    usage: Usage
    seconds: float


async def evolve(
    project: Project,
    watcher: Watcher = QUIET,
    *,
    iterations: int | None = None,
    gate: Gate | None = None,
    environment: MakeEnvironment | None = None,
) -> EvolveResult:
    """Run iterations until their number, the target, the patience or the budget ends them.

    `iterations` and `gate` replace those of ahe.toml; `environment` runs the trials in environments of the caller's
    own. What a killed run left is continued; a spent budget is a clean stop, not an error. Raises `UsageError`,
    `WorkspaceError` and `Infrastructure`.
    """
    started = time.monotonic()
    history = project.history()
    with project.run_lock():
        with closing(project.store()) as store:
            store.sweep()
        remove_tree(project.config.runs / "scratch")
        watcher.emit(Estimated(estimate(project, iterations=iterations)))
        async with assemble(project, watcher, environment) as parts:
            results, stopped = await loop(parts, history, iterations, gate).run()
    seconds = time.monotonic() - started
    return EvolveResult(iterations=results, stopped=stopped, usage=parts.spent, seconds=seconds)
