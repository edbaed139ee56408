"""Explain what happened, from trials that exist or from traces of another tool."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ahe.debug.debugger import AgentDebugger, Subject
from ahe.debug.readers.find import Skipped, find
from ahe.errors import UsageError
from ahe.events import Notice
from ahe.evolve.editor import history_lines
from ahe.project.assemble import assemble, debugger
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import DebugReport, Evidence, Record

BUDGET = 10_000


class DebugResult(Record):
    """A debug report and where it lies."""

    report: str
    path: str
    tokens: int


async def debug(
    project: Project,
    watcher: Watcher,
    *,
    rev: str = "HEAD",
    budget: int = BUDGET,
    out: Path | None = None,
    ask: bool = False,
) -> DebugResult:
    """Make the debug report of a harness from the train trials that exist. Runs no trial.

    With `ask` the debugger's model is asked about the tasks that tell most.
    """
    history, store, suite = project.history(), project.store(), project.suite()
    sha = history.resolve(rev)
    train = {task.name: task.instruction for task in project.tasks_in_use(suite)[0]}
    every = store.of_harness(history.harness_id(sha))
    trials = [trial for trial in every if trial.task in train and not trial.fresh]
    store.close()
    if not trials:
        raise UsageError(f"there are no trials of {rev} on train yet: run `ahe eval {rev}` first")
    folder = out or project.config.runs / "debug" / sha[:10]
    watcher.emit(Notice(f"reading {len(trials)} trials"))
    evidence = Evidence(
        iteration=0,
        harness=history.harness_id(sha),
        trials=tuple(trials),
        instructions=train,
        history=history_lines(history.commits()),
        folder=str(folder),
        traces=str(project.config.runs / "trials"),
        budget=budget,
    )
    if not ask:
        return _result(await AgentDebugger().explain(evidence))
    async with assemble(project, watcher) as parts:
        return _result(await debugger(parts).explain(evidence))


async def debug_paths(
    paths: Sequence[Path], watcher: Watcher, *, out: Path, budget: int = BUDGET
) -> DebugResult:
    """Make the debug report of the traces below some paths, whatever tool wrote them. Asks no model."""
    skipped: list[Skipped] = []
    found = find(paths, skipped)
    if not found:
        why = "; ".join(f"{each.path}: {each.why}" for each in skipped[:5]) or "the folders are empty"
        raise UsageError(f"no traces there ({why}); formats that are read: docs/debugger.md")
    watcher.emit(Notice(f"reading {len(found)} traces"))
    notes = (f"{len(skipped)} files are no traces and were passed by",) if skipped else ()
    report = await AgentDebugger().report(Subject(found, notes=notes), out, budget)
    return _result(report)


def _result(report: DebugReport) -> DebugResult:
    return DebugResult(report=report.text, path=str(Path(report.folder) / "report.md"), tokens=report.tokens)
