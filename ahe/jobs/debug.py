"""Explain what happened, from trials that exist or from the traces of any tool."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from ahe.debug.debugger import AgentDebugger
from ahe.debug.readers.find import Skipped, find
from ahe.errors import UsageError
from ahe.evaluate.stored import paired
from ahe.events import QUIET, Notice
from ahe.evolve.editor import history_lines
from ahe.project.assemble import assemble, debugger
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import DebugReport, Evidence
from ahe.text import plural

BUDGET = 10_000
NAMED = 10
"""Files that the report names because they may be traces in a form that is not known."""
TRACES_OUT = "ahe-debug"


async def debug(
    source: Project | Path | str | Sequence[Path | str],
    watcher: Watcher = QUIET,
    *,
    rev: str = "HEAD",
    budget: int = BUDGET,
    out: Path | str | None = None,
    ask: bool = False,
) -> DebugReport:
    """The debug report of a version of a project's harness, or of the traces in files and folders.

    Runs no trial. `budget` is in tokens; the report and a page for each task are written to the folder `out`
    (default: `runs/debug/<commit>` of the project, `ahe-debug` for traces). With `ask` the debugger's model is asked
    about the most informative tasks, which takes a project. Raises `UsageError` where there is nothing to explain.
    """
    folder = None if out is None else Path(out)
    theirs = [name for name in ("detail", "report.md") if folder and (folder / name).exists()]
    if folder and theirs and not (folder / "clusters.json").exists():
        raise UsageError(f"{folder} holds a {theirs[0]} that `ahe debug` did not write: name another folder")
    if isinstance(source, Project):
        return await _of_version(source, watcher, rev, budget, folder, ask)
    if ask:
        raise UsageError("no model is asked about traces without a project: leave `ask` (--ask) out")
    paths = [source] if isinstance(source, (Path, str)) else source
    return await _of_traces([*map(Path, paths)], watcher, budget, folder or Path(TRACES_OUT))


async def _of_version(
    project: Project, watcher: Watcher, rev: str, budget: int, out: Path | None, ask: bool
) -> DebugReport:
    """From the train trials of a revision that the store holds."""
    history = project.history()
    sha = history.resolve(rev)
    train, _ = project.tasks_in_use(project.suite())
    instructions = {task.name: task.instruction for task in train}
    with closing(project.store()) as store:
        every = store.of_harness(history.harness_id(sha))
    plain = [trial for trial in every if trial.task in instructions and not trial.series]
    trials, _ = paired(plain, [], train, model=project.coder())
    if not trials:
        raise UsageError(f"there are no trials of {rev} on train yet: run `ahe eval {rev}` first")
    folder = out or project.config.runs / "debug" / sha[:10]
    others = len(plain) - len(trials)
    left_out = f", without {others} of other models, limits or task versions" if others else ""
    watcher.emit(Notice(f"reading {len(trials)} trials{left_out}"))
    evidence = Evidence(
        harness=history.harness_id(sha),
        trials=tuple(trials),
        instructions=instructions,
        history=history_lines(history.commits()),
        folder=str(folder),
        traces=str(project.config.runs / "trials"),
        budget=budget,
    )
    if not ask:
        return await AgentDebugger().explain(evidence)
    async with assemble(project, watcher) as parts:
        return await debugger(parts).explain(evidence)


async def _of_traces(paths: Sequence[Path], watcher: Watcher, budget: int, out: Path) -> DebugReport:
    skipped: list[Skipped] = []
    found = find(paths, skipped)
    if not found:
        why = "; ".join(f"{each.path}: {each.why}" for each in skipped[:5]) or "the folders are empty"
        raise UsageError(f"no traces there ({why}): name files in a format that docs/debugger.md lists")
    watcher.emit(Notice(f"reading {len(found)} traces"))
    evidence = Evidence(folder=str(out), budget=budget)
    return await AgentDebugger().report(evidence, found, notes=_skipped(skipped))


def _skipped(files: Sequence[Skipped]) -> tuple[str, ...]:
    """Notes on the files that are not traces; those that may be traces all the same are named."""
    named = [f"not read: {each.path[:200]!r} ({each.why})" for each in files if each.notable]
    were = "is not a trace and was" if len(files) == 1 else "are not traces and were"
    many = f"{plural(len(files), 'file')} {were} skipped"
    return (*named[:NAMED], *([many] if len(files) > len(named[:NAMED]) else []))
