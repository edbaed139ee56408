"""What a run is likely to take before it starts, and whether it can see an effect that is worth its cost."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

from ahe.evaluate.evaluation import tallies
from ahe.evaluate.store import Store
from ahe.evaluate.stored import stored_trials
from ahe.evaluate.trial import HarnessVersion
from ahe.gate.attribution import HIGHEST, most_rollouts
from ahe.gate.posterior import fit_concentration
from ahe.jobs.gate import ceiling_in_rollouts, simulated_gate
from ahe.jobs.known import (
    Allowance,
    UnitCost,
    allowances,
    reader,
    role_cost,
    rollout_cost,
    settled_spec,
)
from ahe.loop.state import next_iteration, workspace_state
from ahe.models.identity import fingerprint
from ahe.power.detectable import Beliefs, approximate_effect, beliefs, tasks_for
from ahe.power.forecast import Forecast, forecast
from ahe.project.project import Project
from ahe.records import Cost, Estimate, Part, Role, Tally, Task

NUMBERED = frozenset({"bayes", "strict", "greedy"})
"""The gates for which `approximate_effect` holds."""
COARSE, WANTED = 30.0, 15.0
"""Points. One edit hardly ever brings a rise of `COARSE`; a suite that shows `WANTED` is recommended instead."""


@dataclass(frozen=True)
class Suite:
    """The tasks in use with what the store knows: the incumbent's tallies, and the likely pass rates."""

    train: tuple[Task, ...]
    heldout: tuple[Task, ...]
    tallies: dict[str, Tally]
    train_known: Beliefs
    known: Beliefs


def estimate(project: Project, *, iterations: int | None = None) -> Estimate:
    """Rollouts, tokens, money and time of `ahe evolve` from here. Asks no model, runs nothing, takes seconds.

    Raises what `ahe evolve` would raise before it spends anything: `UsageError`, `TaskError`, `WorkspaceError`.
    """
    table = project.config.evolve
    wanted = table.iterations if iterations is None else iterations
    state = workspace_state(project.history().commits())
    with closing(project.store()) as store:
        suite = _suite(project, store, state.incumbent)
        had = [suite.tallies.get(task.name, Tally()) for task in (*suite.train, *suite.heldout)]
        one = rollout_cost(project, store)
        simulated = forecast(
            simulated_gate(project.config, one),
            suite.known,
            had,
            train=len(suite.train),
            rollouts=table.rollouts,
            iterations=wanted,
        )
        done = next_iteration(state) - 1
        changes = _changes(project, sum(not commit.by_person for commit in state.pending), wanted)
        costs = _costs(project, store, simulated, changes, done, len(suite.train))
        budgets = allowances(project.config.budget, store.spent(), store.count())
    return _estimate(project, suite, simulated, costs, budgets, wanted, one)


def _suite(project: Project, store: Store, incumbent: str) -> Suite:
    suite = project.suite()
    suite.require_named()
    train, heldout = project.tasks_in_use(suite)
    history = project.history()
    version = HarnessVersion(id=history.harness_id(incumbent), root=str(Path()))
    found = reader(project, store)
    counted = tallies(stored_trials(found, version, [*train, *heldout])) if found else {}
    names = [task.name for task in train]
    rows = store.tallies(fingerprint(settled_spec(project, "coder")))
    concentration = fit_concentration([row for row in rows if row[0] in names])
    on_train = {name: counted[name] for name in names if name in counted}
    everything = [*names, *(task.name for task in heldout)]
    return Suite(
        train,
        heldout,
        counted,
        beliefs(names, on_train, concentration),
        beliefs(everything, counted, concentration),
    )


def _costs(
    project: Project, store: Store, simulated: Forecast, changes: list[int], done: int, tasks: int
) -> tuple[Cost, ...]:
    """The parts of the run, each with the basis of its numbers. `changes`: how many each iteration judges."""
    one, jobs = rollout_cost(project, store), project.config.evolve.jobs
    parts: tuple[tuple[Part, float], ...] = (
        ("baseline", simulated.baseline),
        ("comparisons", simulated.train),
        ("held-out", simulated.heldout),
    )
    costs = [_cost(part, one, number, number, one.seconds / jobs) for part, number in parts]
    if rollouts := sum(map(_attribution, changes)):
        unit = replace(one, basis=f"assumed: {max(changes)} changes each")
        costs.insert(2, _cost("attribution", unit, rollouts, rollouts, one.seconds / jobs))
    roles: tuple[tuple[Part, Role], ...] = (("debugger", "debugger"), ("evolver", "evolver"))
    for part, role in roles:
        unit = role_cost(project, store, role, done, tasks)
        costs.append(_cost(part, unit, len(changes), 0, unit.seconds))
    return tuple(costs)


def _changes(project: Project, pending: int, iterations: int) -> list[int]:
    """How many changes each iteration judges: first what is pending, then as many as the evolver may make.

    An evolver that fills in a form makes one.
    """
    table, embedded = project.config.evolve, project.config.models["evolver"].embedded
    one_proposal = table.editor == "proposal" or (table.editor == "auto" and embedded)
    most = 1 if one_proposal else table.changes
    return [pending or most, *[most] * (iterations - 1)][:iterations]


def _attribution(changes: int) -> int:
    """Rollouts that attribute a candidate's effect to its changes.

    Roughly: the bound on 8 disputed tasks. In simulation attribution takes less, which about makes up for putting
    what remains to the gate again.
    """
    return most_rollouts(changes, HIGHEST) if changes > 1 else 0


def _cost(part: Part, unit: UnitCost, number: float, rollouts: float, seconds: float) -> Cost:
    return Cost(
        part=part,
        rollouts=rollouts,
        tokens=unit.tokens * number,
        usd=0.0 if not number else None if unit.usd is None else unit.usd * number,
        seconds=seconds * number,
        basis=unit.basis,
    )


def _sum(costs: tuple[Cost, ...]) -> Cost:
    priced = [cost.usd for cost in costs if cost.usd is not None]
    return Cost(
        part="total",
        rollouts=sum(cost.rollouts for cost in costs),
        tokens=sum(cost.tokens for cost in costs),
        usd=sum(priced) if len(priced) == len(costs) else None,
        seconds=sum(cost.seconds for cost in costs),
    )


def _estimate(
    project: Project,
    suite: Suite,
    simulated: Forecast,
    costs: tuple[Cost, ...],
    budgets: tuple[Allowance, ...],
    iterations: int,
    one: UnitCost,
) -> Estimate:
    table = project.config.evolve
    covered, limit = _covered(costs[0], _sum(costs[1:]), budgets, iterations)
    attribution = sum(cost.rollouts for cost in costs if cost.part == "attribution")
    ceiling = ceiling_in_rollouts(table.comparison, one).rollouts if table.gate == "bayes" else 0
    points = (
        approximate_effect(suite.train_known, table.rollouts, ceiling or inf)
        if table.gate in NUMBERED
        else None
    )
    return Estimate(
        iterations=iterations,
        tasks=len(suite.train),
        heldout=len(suite.heldout),
        rollouts=table.rollouts,
        jobs=table.jobs,
        gate=table.gate,
        measured=suite.train_known.measured,
        costs=costs,
        total=_sum(costs),
        low=simulated.low + attribution,
        high=simulated.high + attribution,
        covered=covered,
        limit=limit,
        points=points,
        warnings=(
            *_effect_warnings(suite.train_known, points, table.rollouts, ceiling > 0),
            *_setting_warnings(project, covered, limit, one),
        ),
    )


def _covered(
    first: Cost, rest: Cost, budgets: tuple[Allowance, ...], iterations: int
) -> tuple[float | None, str]:
    """How many iterations the tightest budget pays for after the baseline, and which budget that is."""
    tightest: tuple[float, str] | None = None
    for budget in budgets:
        base, all_of_them = budget.needs(first), budget.needs(rest)
        if base is None or not all_of_them or not iterations:
            continue
        count = max(0.0, budget.left - base) / (all_of_them / iterations)
        if tightest is None or count < tightest[0]:
            tightest = (count, budget.name)
    return tightest if tightest else (None, "")


def _effect_warnings(known: Beliefs, points: float | None, rollouts: int, ceiling: bool) -> list[str]:
    """A warning if the run can hardly detect any effect of an edit, with the remedy."""
    if points is None:
        return []
    if points > COARSE:
        return [
            f"only rises of {points:.0f} points or more are likely to be seen: use more tasks "
            f"({tasks_for(WANTED, known, rollouts)} tasks would do for {WANTED:.0f} points) or more rollouts"
            + (", or raise [evolve] comparison" if ceiling else "")
        ]
    if known.measured and points > 100 * (1 - known.mean):
        return [
            f"about {100 * known.mean:.0f} % pass already, and a rise of less than {points:.0f} points is hardly seen: "
            "use harder tasks, more of them, or more rollouts"
        ]
    return []


def _setting_warnings(project: Project, covered: float | None, limit: str, one: UnitCost) -> list[str]:
    """Warnings of settings that end the run early or waste its rollouts, with the remedy."""
    table, found = project.config.evolve, []
    if covered is not None and covered < 1:
        found.append(
            f"the budget of {limit} does not cover one iteration: the run will end in the middle of it. "
            "Raise it under [budget] in ahe.toml, or measure fewer tasks (--quick)"
        )
    if table.comparison.usd > 0 and one.usd is None:
        found.append(
            "[evolve] comparison limits money, but the coder's price is not known: set usd_per_million_input and "
            "usd_per_million_output, or limit tokens or rollouts"
        )
    if project.config.model_spec("coder").temperature == 0 and table.rollouts > 1:
        found.append(
            f"at temperature 0 the {table.rollouts} rollouts of a task may be copies: `ahe calibrate` counts them"
        )
    return found
