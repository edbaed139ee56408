"""Measure a harness against itself on train: noise, copies, and which effects could be seen above them."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ahe.evaluate.evaluation import Evaluator, pass_rate, tallies
from ahe.evaluate.store import Store
from ahe.evaluate.stored import copies, stored_trials
from ahe.evaluate.trial import HarnessVersion
from ahe.gate.posterior import enough, fit_concentration
from ahe.jobs.gate import simulated_gate
from ahe.jobs.known import allowances, reader, rollout_cost, settled_spec, version
from ahe.models.identity import fingerprint
from ahe.power.detectable import Beliefs, beliefs, detectable_effect, noise, rollouts_for, tasks_for
from ahe.project.assemble import assemble
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import (
    Calibration,
    Copies,
    Cost,
    ModelTime,
    Needed,
    Sensitivity,
    Spread,
    Tally,
    Task,
    Trial,
    Usage,
)

ROLLOUTS = 4
POINTS = (5.0,)
ALARM = 2.5
"""An A-A difference of more standard deviations is reported as drift. A sound suite gets this warning once in forty
calibrations, because two differences are looked at."""
MANY_COPIES = 0.1
WORK, FEWEST, MOST = 8_000, 40, 100
"""Simulated comparisons per edit size: as many as keep tasks x comparisons near `WORK`, within these limits."""


@dataclass(frozen=True)
class Rollouts:
    """The trials of one harness on train, in the order of task and attempt; `ran` of them are new and cost `usage`."""

    rev: str
    harness: str
    tasks: tuple[str, ...]
    trials: tuple[Trial, ...]
    ran: int
    usage: Usage


async def calibrate(
    project: Project, watcher: Watcher, *, rev: str = "HEAD", rollouts: int = ROLLOUTS
) -> Rollouts:
    """All rollouts of a harness on train, topped up to `rollouts` per task. Existing trials are read, not run.

    A model is opened only where a trial is missing. Raises `BudgetExceeded` and `SandboxError` as `ahe eval` does.
    """
    history = project.history()
    if rev == "HEAD":
        history.require_clean()
    tasks = project.tasks_in_use(project.suite())[0]
    harness = version(project, history, rev)
    with closing(project.store()) as store:
        trials = _stored(reader(project, store), harness, tasks)
    before, usage = {trial.id for trial in trials if trial.status != "missing"}, Usage()
    if not _complete(trials, tasks, rollouts):
        async with assemble(project, watcher) as parts:
            await parts.evaluator.measure(f"calibrating {rev} on train", harness, tasks, rollouts)
            trials = _stored(parts.evaluator, harness, tasks)
            usage = parts.spent
    ran = sum(trial.id not in before for trial in trials)
    return Rollouts(rev, harness.id, tuple(task.name for task in tasks), trials, ran, usage)


def _stored(found: Evaluator | None, harness: HarnessVersion, tasks: Sequence[Task]) -> tuple[Trial, ...]:
    trials = stored_trials(found, harness, tasks) if found else []
    return tuple(sorted(trials, key=lambda trial: (trial.task, trial.attempt)))


def _complete(trials: Sequence[Trial], tasks: Sequence[Task], rollouts: int) -> bool:
    scored = {(trial.task, trial.attempt) for trial in trials if trial.status != "missing"}
    return all((task.name, attempt) in scored for task in tasks for attempt in range(rollouts))


def write_matrix(path: Path, trials: Sequence[Trial]) -> None:
    """The scored trials as task,trial,resolved: `benchmarks.gate --csv` and `ahe gate simulate --csv` read it."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("task", "trial", "resolved"))
        for trial in trials:
            if trial.status != "missing":
                rows.writerow((trial.task, trial.attempt, int(trial.status == "passed")))


def calibration(project: Project, found: Rollouts, points: Sequence[float] = POINTS) -> Calibration:
    """The noise and the detectable effects by these rollouts; for each rise in `points`, what would show it.

    Simulates the gate on the suite's likely pass rates: seconds, half a minute at 500 tasks. Asks no model.
    """
    counted, names = tallies(found.trials), found.tasks
    with closing(project.store()) as store:
        tallied = store.tallies(fingerprint(settled_spec(project, "coder")))
        rows = [row for row in tallied if row[0] in names]
        concentration = fit_concentration(rows)
        known = beliefs(names, counted, concentration)
        seen = _sensitivity(project, store, known, points) if known.measured else None
    spread = _spread(found.trials, known)
    repeated = copies(found.trials, project.config.runs / "trials")
    scored = [counted[name] for name in names if name in counted and counted[name].n]
    return Calibration(
        rev=found.rev,
        harness=found.harness,
        model=project.config.models["coder"].name,
        tasks=len(names),
        rollouts=sum(tally.n for tally in scored),
        missing=sum(tally.missing for tally in counted.values()),
        ran=found.ran,
        rate=pass_rate(counted),
        never=sum(tally.passes == 0 for tally in scored),
        always=sum(tally.passes == tally.n for tally in scored),
        sometimes=sum(0 < tally.passes < tally.n for tally in scored),
        untried=len(names) - len(scored),
        concentration=concentration,
        fitted=enough(rows),
        spread=spread,
        copies=repeated,
        seen=seen,
        usage=found.usage,
        model_time=sum((trial.model_time for trial in found.trials), ModelTime()),
        pace=settled_spec(project, "coder").pace,
        warnings=tuple(_warnings(repeated, spread, counted)),
    )


def _spread(trials: Sequence[Trial], known: Beliefs) -> Spread | None:
    scored = [trial for trial in trials if trial.status != "missing"]
    outcomes = [
        [trial.status == "passed" for trial in own] for _, own in groupby(scored, key=lambda t: t.task)
    ]
    found = noise(outcomes, known.noise)
    if found is None:
        return None
    return Spread(
        tasks=found.tasks,
        points=100 * found.spread,
        expected=100 * found.expected,
        parity=100 * found.parity,
        parity_z=found.parity_z,
        halves=100 * found.halves,
        halves_z=found.halves_z,
    )


def _sensitivity(project: Project, store: Store, known: Beliefs, points: Sequence[float]) -> Sensitivity:
    """Which effects the configured gate sees with the configured rollouts, as far as the budget reaches."""
    table = project.config.evolve
    gate = simulated_gate(project.config, rollout_cost(project, store))
    limit = _limit(project, store)
    runs = max(FEWEST, min(MOST, WORK // len(known.tasks)))
    most = math.inf if limit is None else limit
    sees = detectable_effect(gate, known, table.rollouts, limit=most, runs=runs)
    blind = sees.points is None and limit is None
    return Sensitivity(
        gate=gate.name,
        rollouts=table.rollouts,
        limit=limit,
        points=sees.points,
        null=sees.null,
        cost=sees.rollouts,
        needed=tuple(
            Needed(
                points=each,
                rollouts=None if blind else rollouts_for(gate, each, known, runs=runs),
                tasks=tasks_for(each, known, table.rollouts),
            )
            for each in points
        ),
    )


def _limit(project: Project, store: Store) -> int | None:
    """Rollouts that the tightest budget still pays for; None where no budget limits them."""
    unit = rollout_cost(project, store)
    one = Cost(
        part="comparisons",
        rollouts=1,
        tokens=unit.tokens,
        usd=unit.usd,
        seconds=unit.seconds / project.config.evolve.jobs,
    )
    budgets = allowances(project.config.budget, store.spent(), store.count())
    counts = [budget.left / needs for budget in budgets if (needs := budget.needs(one))]
    return int(min(counts)) if counts else None


def _warnings(repeated: Copies, spread: Spread | None, counted: dict[str, Tally]) -> list[str]:
    found = []
    if repeated.trials and repeated.copied / repeated.trials >= MANY_COPIES:
        found.append(
            f"{repeated.copied} of {repeated.trials} rollouts are copies: on {len(repeated.tasks)} tasks the model "
            "answered word for word as before. The endpoint answers from a cache, ignores the seed, or samples at "
            "temperature 0. More rollouts of a task then show nothing new, and every figure here is too good: raise "
            "[model] temperature, or set rollouts = 1 and use more tasks"
        )
    if repeated.disagreeing:
        found.append(
            f"identical answers passed once and failed once on {', '.join(repeated.disagreeing[:5])}: the task or "
            "its verifier is flaky; see `ahe tasks check`"
        )
    if spread and max(abs(spread.parity_z), abs(spread.halves_z)) > ALARM:
        found.append(
            "the arms differ by more than chance: the endpoint drifts, or later trials ran under another load. "
            "Verdicts on this suite are less certain than they look; run with fewer [evolve] jobs at a quiet time"
        )
    if counted and all(tally.n < 2 for tally in counted.values()):
        found.append("no task has two scored rollouts, so noise cannot be measured: ask for --rollouts 4")
    return found
