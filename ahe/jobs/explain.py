"""Explain what happened, from trials that exist or from traces of another tool."""

from __future__ import annotations

from ahe.debug.heuristic import HeuristicDebugger
from ahe.errors import UsageError
from ahe.events import Said
from ahe.loop import verdict_line
from ahe.project import Project
from ahe.protocols import Watcher
from ahe.records import Evidence, Record


class DebugResult(Record):
    """A debug report and where it lies."""

    report: str
    path: str
    tokens: int


async def debug(project: Project, watcher: Watcher, *, rev: str = "HEAD") -> DebugResult:
    """Make the debug report of a harness from the train trials that exist. Runs nothing."""
    history, store, suite = project.history(), project.store(), project.suite()
    sha = history.resolve(rev)
    train = {task.name: task.instruction for task in project.tasks_in_use(suite)[0]}
    trials = [trial for trial in store.of_harness(history.harness_id(sha)) if trial.task in train]
    if not trials:
        raise UsageError(f"there are no trials of {rev} on train yet: run `ahe eval {rev}` first")
    folder = project.config.runs / "debug" / sha[:10]
    watcher.emit(Said(f"reading {len(trials)} trials"))
    report = await HeuristicDebugger().explain(
        Evidence(
            iteration=0,
            harness=history.harness_id(sha),
            trials=tuple(trials),
            instructions=train,
            history=tuple(line for line in map(verdict_line, history.commits()) if line),
            folder=str(folder),
            traces=str(project.config.runs / "trials"),
            budget=10_000,
        )
    )
    return DebugResult(report=report.text, path=str(folder / "report.md"), tokens=report.tokens)
