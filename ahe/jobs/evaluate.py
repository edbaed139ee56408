"""Measure one version of the harness, on a split or on tasks by name."""

import time

from ahe.evaluate.evaluation import mean_reward, pass_rate, tallies
from ahe.events import QUIET
from ahe.jobs.known import version
from ahe.project.assemble import assemble
from ahe.project.project import Project
from ahe.protocols import MakeEnvironment, Watcher
from ahe.records import Record, Split, Tally, Usage


class EvalResult(Record):
    """An evaluation: pass rate (mean over tasks), tallies by task, and the ids of its trials.

    `reward` is the mean reward, None where every reward is 0 or 1.
    """

    label: str
    harness: str
    rate: float | None
    reward: float | None
    tallies: dict[str, Tally]
    trials: tuple[str, ...]
    usage: Usage
    seconds: float


async def evaluate(
    project: Project,
    watcher: Watcher = QUIET,
    *,
    rev: str = "HEAD",
    split: Split = "train",
    rollouts: int | None = None,
    tasks: tuple[str, ...] = (),
    environment: MakeEnvironment | None = None,
) -> EvalResult:
    """Measure the harness at a revision on a split, or on the tasks named. Trials that exist are read, not run.

    `rollouts` is the number of attempts a task (default: [evolve] rollouts); `environment` runs the trials in
    environments of the caller's own. Raises `UsageError`, `WorkspaceError`, `BudgetExceeded` and `Infrastructure`.
    """
    started = time.monotonic()
    history = project.history()
    if rev == "HEAD":
        history.require_clean()
    async with assemble(project, watcher, environment) as parts:
        quick = project.config.suite.quick
        chosen = parts.suite.by_name(tasks) if tasks else parts.suite.needed(split, quick=quick)
        harness = version(project, history, rev)
        label = f"{rev} on {', '.join(tasks) if tasks else split}"
        k = rollouts or project.config.evolve.rollouts
        trials = await parts.evaluator.measure(label, harness, chosen, k)
    counted = tallies(trials)
    return EvalResult(
        label=label,
        harness=harness.id,
        rate=pass_rate(counted),
        reward=mean_reward(counted),
        tallies=counted,
        trials=tuple(trial.id for trial in trials),
        usage=parts.spent,
        seconds=time.monotonic() - started,
    )
