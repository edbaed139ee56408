"""What the rollouts of a harness against itself say: noise, copies, and what could be seen above them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby

from ahe.evaluate.evaluation import pass_rate, tallies
from ahe.evaluate.store import Store
from ahe.evaluate.stored import copies
from ahe.gate.posterior import enough, fit_concentration
from ahe.jobs.calibrate import Rollouts
from ahe.jobs.costs import rollout_cost
from ahe.jobs.gates import played_gate
from ahe.jobs.limits import allowances
from ahe.jobs.reading import settled_spec
from ahe.models.identity import fingerprint
from ahe.power.detectable import Beliefs, beliefs, detectable_effect, rollouts_for, tasks_for
from ahe.power.noise import noise
from ahe.project.project import Project
from ahe.records import Calibration, Copies, Cost, Needed, Sensitivity, Spread, Tally, Trial

POINTS = (5.0,)
ALARM = 2.5
"""Standard deviations beyond which an A-A difference is called a drift: one sound suite in forty, of two looks."""
MANY_COPIES = 0.1
WORK, FEWEST, MOST = 8_000, 40, 100


def calibration(project: Project, found: Rollouts, points: Sequence[float] = POINTS) -> Calibration:
    """Work out what these rollouts say. `points` are rises of which it is worked out what seeing them takes.

    Plays the gate on the suite's likely pass rates: seconds, at 500 tasks half a minute. Asks no model.
    """
    store = project.store()
    try:
        return _calibration(project, store, found, points)
    finally:
        store.close()


def _calibration(project: Project, store: Store, found: Rollouts, points: Sequence[float]) -> Calibration:
    counted = tallies(found.trials)
    names = found.tasks
    mark = fingerprint(settled_spec(project, "coder"))
    rows = [row for row in store.tallies(mark) if row[0] in names]
    concentration = fit_concentration(rows)
    known = beliefs(names, counted, concentration)
    spread = _spread(found.trials, known)
    twins = copies(found.trials, project.config.runs / "trials")
    seen = _seen(project, store, known, points) if known.measured else None
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
        copies=twins,
        seen=seen,
        usage=found.usage,
        warnings=tuple(_warnings(twins, spread, counted)),
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


def _seen(project: Project, store: Store, known: Beliefs, points: Sequence[float]) -> Sensitivity:
    """What the configured gate sees with the configured k, as far as the budget reaches."""
    table = project.config.evolve
    gate = played_gate(project.config, rollout_cost(project, store))
    limit = _limit(project, store)
    runs = max(FEWEST, min(MOST, WORK // len(known.tasks)))
    sees = detectable_effect(
        gate, known, table.rollouts, limit=math.inf if limit is None else limit, runs=runs
    )
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
    """Rollouts that the tightest budget still pays for; None without a budget that they draw on."""
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


def _warnings(twins: Copies, spread: Spread | None, counted: dict[str, Tally]) -> list[str]:
    found = []
    if twins.trials and twins.copied / twins.trials >= MANY_COPIES:
        found.append(
            f"{twins.copied} of {twins.trials} rollouts are copies: on {len(twins.tasks)} tasks the model said word "
            "for word what it had said before. The endpoint answers from a cache, ignores the seed, or samples at "
            "temperature 0. Then more rollouts of a task buy nothing, and every figure here flatters: raise [model] "
            "temperature, or set rollouts = 1 and use more tasks"
        )
    if twins.disagreeing:
        found.append(
            f"the same words passed once and failed once on {', '.join(twins.disagreeing[:5])}: the task or its "
            "verifier is flaky; see `ahe tasks check`"
        )
    if spread and max(abs(spread.parity_z), abs(spread.halves_z)) > ALARM:
        found.append(
            "the arms differ by more than chance: the endpoint drifts, or later trials ran under another load. "
            "Verdicts on this suite are less sure than they look"
        )
    if counted and all(tally.n < 2 for tally in counted.values()):
        found.append("no task has two scored rollouts: nothing can be said about noise; ask for --rollouts 4")
    return found
