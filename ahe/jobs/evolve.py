"""Run the loop until something ends it."""

import time
from contextlib import closing

from ahe.events import QUIET, Estimated, Notice
from ahe.evolve.documents import untried
from ahe.history import History
from ahe.jobs.estimate import estimate
from ahe.loop.loop import IterationResult
from ahe.loop.state import workspace_state
from ahe.project.assemble import Parts, assemble, loop
from ahe.project.project import Project
from ahe.protocols import Gate, MakeEnvironment, Watcher
from ahe.records import Record, Usage

NAMED = 10


def fewer_tasks(parts: Parts, history: History) -> None:
    """Say so if tasks are left out that the incumbent was measured on: a run that goes on judges by the others."""
    incumbent = history.harness_id(workspace_state(history.commits()).incumbent)
    tried = {trial.task for trial in parts.store.of_harness(incumbent)}
    if gone := sorted(tried & parts.suite.left_out.keys()):
        names = ", ".join(gone[:NAMED]) + (", …" if len(gone) > NAMED else "")
        parts.watcher.emit(
            Notice(
                f"{len(gone)} of the tasks that HEAD was measured on are left out now ({names}): verdicts from here on "
                "rest on fewer tasks. To go on with them, stop, undo what leaves them out (the reasons are above), "
                "and run the same command again"
            )
        )


def documents_left(project: Project) -> int:
    """Iterations that `ahe explore` needs: one a document that was not tried, and one to end what was interrupted."""
    history = project.history()
    state = workspace_state(history.commits())
    begun = bool(state.pending or state.unreverted or state.untagged)
    return len(untried(project.documents(), history)) + begun


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
        watcher.emit(Estimated(estimate(project, iterations=iterations)))
        async with assemble(project, watcher, environment) as parts:
            fewer_tasks(parts, history)
            results, stopped = await loop(parts, history, iterations, gate).run()
    seconds = time.monotonic() - started
    return EvolveResult(iterations=results, stopped=stopped, usage=parts.spent, seconds=seconds)


async def explore(project: Project, watcher: Watcher = QUIET) -> EvolveResult:
    """Run the iterations that try the documents of the configuration, one each. Raises as `evolve` does."""
    if iterations := documents_left(project):
        return await evolve(project, watcher, iterations=iterations)
    return EvolveResult(iterations=(), stopped="every document was tried already", usage=Usage(), seconds=0.0)
