"""What a suite can show: a harness measured against itself on train, and the gate on simulated edits."""

import csv
import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from ahe import records
from ahe.evaluate.evaluation import Evaluator, pass_rate, tallies
from ahe.evaluate.store import Store
from ahe.evaluate.stored import copies, stored_trials
from ahe.evaluate.trial import HarnessVersion
from ahe.gate.choose import make_gate
from ahe.gate.posterior import enough, fit_concentration
from ahe.jobs import known
from ahe.power.detectable import Beliefs, Power, beliefs, noise, tasks_for
from ahe.power.simulate import SimulationResult, incumbents
from ahe.power.simulate import simulate as simulate_edit
from ahe.power.worlds import NULL, REAL, Edit, read_matrix
from ahe.project.assemble import assemble
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import Tally, Task, Trial, Usage

ROLLOUTS = 4
POINTS = (5.0,)
ALARM = 2.5
"""An A-A difference of more standard deviations is reported as drift. A sound suite gets this warning once in forty
calibrations, because two differences are looked at."""
MANY_COPIES = 0.1
WORK, FEWEST, MOST = 8_000, 40, 100
"""Simulated comparisons per edit size: as many as keep tasks x comparisons near `WORK`, within these limits."""
SIZES = (15.0, 5.0, -5.0, -15.0)
"""Edits that `simulate` tries by default, in points of the mean pass rate."""


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
    harness = known.version(project, history, rev)
    with closing(project.store()) as store:
        trials = _stored(known.reader(project, store), harness, tasks)
    before, usage = (
        {(trial.task, trial.attempt) for trial in trials if trial.status != "missing"},
        Usage(),
    )
    if not before >= {(task.name, attempt) for task in tasks for attempt in range(rollouts)}:
        async with assemble(project, watcher) as parts:
            await parts.evaluator.measure(f"calibrating {rev} on train", harness, tasks, rollouts)
            trials = _stored(parts.evaluator, harness, tasks)
            usage = parts.spent
    ran = sum((trial.task, trial.attempt) not in before for trial in trials)
    return Rollouts(rev, harness.id, tuple(task.name for task in tasks), trials, ran, usage)


def _stored(found: Evaluator | None, harness: HarnessVersion, tasks: Sequence[Task]) -> tuple[Trial, ...]:
    trials = stored_trials(found, harness, tasks) if found else []
    return tuple(sorted(trials, key=lambda trial: (trial.task, trial.attempt)))


def write_matrix(path: Path, trials: Sequence[Trial]) -> None:
    """The scored trials as task,trial,resolved: `benchmarks.gate --csv` and `ahe gate simulate --csv` read it."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("task", "trial", "resolved"))
        for trial in trials:
            if trial.status != "missing":
                rows.writerow((trial.task, trial.attempt, int(trial.status == "passed")))


def calibration(project: Project, found: Rollouts, points: Sequence[float] = POINTS) -> records.Calibration:
    """The noise and the detectable effects by these rollouts; for each rise in `points`, what would show it.

    Simulates the gate on the suite's likely pass rates: seconds, half a minute at 500 tasks. Asks no model.
    """
    counted, names = tallies(found.trials), found.tasks
    with closing(project.store()) as store:
        rows = known.rows_of(project, store, names)
        concentration = fit_concentration(rows)
        rates = beliefs(names, counted, concentration)
        seen = _sensitivity(project, store, rates, points) if rates.measured else None
    passed = [trial for trial in found.trials if trial.status != "missing"]
    outcomes = [[t.status == "passed" for t in own] for _, own in groupby(passed, key=lambda t: t.task)]
    spread = noise(outcomes, rates.noise)
    repeated = copies(found.trials, project.config.runs / "trials")
    scored = [counted[name] for name in names if name in counted and counted[name].n]
    return records.Calibration(
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
        model_time=sum((trial.model_time for trial in found.trials), records.ModelTime()),
        pace=project.settled_spec("coder").pace,
        warnings=tuple(_warnings(repeated, spread, counted)),
    )


def _sensitivity(
    project: Project, store: Store, rates: Beliefs, points: Sequence[float]
) -> records.Sensitivity:
    """Which effects the configured gate sees with the configured rollouts, as far as the tightest budget reaches."""
    one, plain = known.rollout_cost(project, store), project.config.evolve.rollouts
    budgets = known.allowances(project, store)
    limits = [left / needs for _, left, unit in budgets if (needs := getattr(one, unit))]
    limit = int(min(limits)) if limits else None
    power = Power(
        known.simulated_gate(project, one),
        rates,
        plain,
        limit=math.inf if limit is None else limit,
        runs=max(FEWEST, min(MOST, WORK // len(rates.tasks))),
    )
    null, smallest = power.simulate(Edit("noop")), power.smallest_effect()
    blind = smallest is None and limit is None
    return records.Sensitivity(
        gate=null.gate,
        rollouts=plain,
        limit=limit,
        points=smallest,
        null=null.kept,
        cost=null.rollouts,
        needed=tuple(
            records.Needed(
                points=each,
                rollouts=None if blind else power.rollouts_for(each),
                tasks=tasks_for(each, rates, plain),
            )
            for each in points
        ),
    )


def _warnings(
    repeated: records.Copies, spread: records.Spread | None, counted: dict[str, Tally]
) -> list[str]:
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


def simulate(
    project: Project,
    *,
    tasks: int | None = None,
    rollouts: int | None = None,
    gate: str | None = None,
    points: Sequence[float] = (),
    runs: int = 200,
    matrix: Path | None = None,
) -> list[SimulationResult]:
    """How often the gate keeps simulated edits of known size, and the rollouts it takes. Asks no model.

    What is None is taken from the project. `matrix` is a table of outcomes to resample. Raises `UsageError`.
    """
    config = project.config.evolve
    count = tasks or len(project.tasks_in_use(project.suite())[0])
    made = make_gate(gate or config.gate, ceiling=records.Ceiling(rollouts=config.comparison.rollouts))
    draw = incumbents(count, read_matrix(matrix) if matrix else ())
    edits = [*(Edit(shape, size) for size in points or SIZES for shape in REAL), *map(Edit, NULL)]
    return [
        simulate_edit(
            made, edit, draw, rollouts=rollouts or config.rollouts, runs=runs, seed=f"0 {edit} {count}"
        )
        for edit in edits
    ]
