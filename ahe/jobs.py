"""What a command asks for, from start to result: evolve, evaluate, debug. Raised errors name the fix."""

from __future__ import annotations

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ahe.assemble import Parts, assemble, loop
from ahe.debug.heuristic import HeuristicDebugger
from ahe.errors import BudgetExceeded, UsageError
from ahe.evaluate.evaluation import pass_rate, tallies
from ahe.evaluate.trial import HarnessVersion
from ahe.events import Said
from ahe.history import History
from ahe.loop import IterationResult, verdict_line
from ahe.project import Project
from ahe.protocols import Watcher
from ahe.records import Evidence, Record, Split, Tally, Task, Usage


class EvolveResult(Record):
    """A run of the loop: its iterations, why it stopped, and what this process spent."""

    iterations: tuple[IterationResult, ...]
    stopped: str
    usage: Usage
    seconds: float


class EvalResult(Record):
    """An evaluation: pass rate (mean over tasks), tallies by task, and the ids of its trials."""

    label: str
    harness: str
    rate: float | None
    tallies: dict[str, Tally]
    trials: tuple[str, ...]
    usage: Usage
    seconds: float


class DebugResult(Record):
    """A debug report and where it lies."""

    report: str
    path: str
    tokens: int


async def evolve(project: Project, watcher: Watcher, *, iterations: int | None = None) -> EvolveResult:
    """Run iterations until their number, the target, the patience or the budget ends them.

    What a killed run left is continued; a spent budget is a clean stop, not an error.
    """
    started = time.monotonic()
    history = project.history()
    results: list[IterationResult] = []
    with run_lock(project):
        store = project.store()
        store.sweep()
        store.close()
        shutil.rmtree(project.config.runs / "scratch", ignore_errors=True)
        async with assemble(project, watcher) as parts:
            before = parts.ledger.total
            stopped = await _iterations(parts, history, results, iterations)
            usage = difference(parts.ledger.total, before)
    return EvolveResult(
        iterations=tuple(results), stopped=stopped, usage=usage, seconds=time.monotonic() - started
    )


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
            kept = result.verdict is not None and result.verdict.outcome == "kept"
            fruitless = 0 if kept else fruitless + 1
            if result.new_rate is not None and result.new_rate >= table.target:
                return f"the target of {table.target:.0%} on train is reached"
            if table.patience and fruitless >= table.patience:
                return f"{fruitless} iterations in a row kept nothing"
    except BudgetExceeded as error:
        return str(error)
    return f"{wanted} iteration{'' if wanted == 1 else 's'} done"


async def evaluate(
    project: Project,
    watcher: Watcher,
    *,
    rev: str = "HEAD",
    split: Split = "train",
    rollouts: int | None = None,
    tasks: tuple[str, ...] = (),
) -> EvalResult:
    """Measure the harness at a revision on a split, or on the tasks named."""
    started = time.monotonic()
    history = project.history()
    if rev == "HEAD":
        history.require_clean()
    async with assemble(project, watcher) as parts:
        before = parts.ledger.total
        chosen = _chosen(project, parts, split, tasks)
        harness = version(project, history, rev)
        label = f"{rev} on {', '.join(tasks) if tasks else split}"
        k = rollouts or project.config.evolve.rollouts
        trials = await parts.evaluator.measure(label, harness, chosen, k)
        usage = difference(parts.ledger.total, before)
    counted = tallies(trials)
    return EvalResult(
        label=label,
        harness=harness.id,
        rate=pass_rate(counted),
        tallies=counted,
        trials=tuple(trial.id for trial in trials),
        usage=usage,
        seconds=time.monotonic() - started,
    )


def _chosen(project: Project, parts: Parts, split: Split, names: tuple[str, ...]) -> tuple[Task, ...]:
    unknown = [name for name in names if name not in parts.suite.tasks]
    if unknown:
        raise UsageError(f"no task {', '.join(unknown)} in {parts.suite.path}; see `ahe tasks list`")
    if names:
        return tuple(parts.suite.tasks[name] for name in names)
    return parts.suite.part(split, quick=project.config.suite.quick)


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


def version(project: Project, history: History, rev: str) -> HarnessVersion:
    """The harness at a revision, exported where trials can mount it."""
    sha = history.resolve(rev)
    root = history.export(sha, project.config.runs / "harnesses")
    return HarnessVersion(id=history.harness_id(sha), root=str(root))


def difference(after: Usage, before: Usage) -> Usage:
    """What was spent between two totals."""
    usd = None if after.usd is None else after.usd - (before.usd or 0.0)
    return Usage(
        calls=after.calls - before.calls,
        input_tokens=after.input_tokens - before.input_tokens,
        cached_tokens=after.cached_tokens - before.cached_tokens,
        output_tokens=after.output_tokens - before.output_tokens,
        usd=usd,
    )


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
