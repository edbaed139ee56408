"""What a run is likely to take, before it starts; and whether it can see anything worth seeing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

from ahe.evaluate.evaluation import tallies
from ahe.evaluate.store import Store
from ahe.evaluate.stored import stored_trials
from ahe.evaluate.trial import HarnessVersion
from ahe.gate.attribution import HIGHEST, most_rollouts
from ahe.gate.posterior import fit_concentration
from ahe.jobs.costs import Unit, one_proposal, role_cost, rollout_cost
from ahe.jobs.gates import in_rollouts, played_gate
from ahe.jobs.limits import Allowance, allowances
from ahe.jobs.reading import reader, settled_spec
from ahe.jobs.warnings import warnings
from ahe.loop.state import next_iteration, workspace_state
from ahe.models.identity import fingerprint
from ahe.power.detectable import Beliefs, about, beliefs
from ahe.power.forecast import Forecast, forecast
from ahe.project.project import Project
from ahe.project.sandboxes import refuse_unsupported
from ahe.records import Cost, Estimate, Part, Role, Tally, Task

NUMBERED = frozenset({"bayes", "strict", "greedy"})
"""The gates of which `about` says what they see."""


@dataclass(frozen=True)
class Suite:
    """The tasks in use with what the store knows of them: the incumbent's tallies, and likely pass rates."""

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
    now = workspace_state(project.history().commits())
    store = project.store()
    try:
        suite = _suite(project, store, now.incumbent)
        had = [suite.tallies.get(task.name, Tally()) for task in (*suite.train, *suite.heldout)]
        one = rollout_cost(project, store)
        played = forecast(
            played_gate(project.config, one),
            suite.known,
            had,
            train=len(suite.train),
            rollouts=table.rollouts,
            iterations=wanted,
        )
        done = next_iteration(now) - 1
        changes = _changes(project, sum(not commit.by_person for commit in now.pending), wanted)
        costs = _costs(project, store, played, changes, done, len(suite.train))
        budgets = allowances(project.config.budget, store.spent(), store.count())
    finally:
        store.close()
    return _estimate(project, suite, played, costs, budgets, wanted, one)


def _suite(project: Project, store: Store, incumbent: str) -> Suite:
    suite = project.suite()
    refuse_unsupported(project, suite)
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
    project: Project, store: Store, played: Forecast, changes: list[int], done: int, tasks: int
) -> tuple[Cost, ...]:
    """The parts of the run, each with what its numbers rest on. `changes`: how many each iteration judges."""
    one, jobs = rollout_cost(project, store), project.config.evolve.jobs
    parts: tuple[tuple[Part, float], ...] = (
        ("baseline", played.baseline),
        ("comparisons", played.train),
        ("held-out", played.heldout),
    )
    costs = [_cost(part, one, number, number, one.seconds / jobs) for part, number in parts]
    if rollouts := sum(map(_attribution_rollouts, changes)):
        unit = replace(one, basis=f"assumed: {max(changes)} changes each")
        costs.insert(2, _cost("attribution", unit, rollouts, rollouts, one.seconds / jobs))
    roles: tuple[tuple[Part, Role], ...] = (("debugger", "debugger"), ("evolver", "evolver"))
    for part, role in roles:
        unit = role_cost(project, store, role, done, tasks)
        costs.append(_cost(part, unit, len(changes), 0, unit.seconds))
    return tuple(costs)


def _changes(project: Project, pending: int, iterations: int) -> list[int]:
    """How many changes each iteration judges, if the evolver makes as many as it may. What is pending comes first."""
    most = 1 if one_proposal(project) else project.config.evolve.changes
    return [pending or most, *[most] * (iterations - 1)][:iterations]


def _attribution_rollouts(changes: int) -> int:
    """Rollouts of attributing one candidate's result to its changes.

    Roughly: the bound on 8 disputed tasks. In simulation attribution takes less, and putting what remains to the
    gate again makes up for it.
    """
    return most_rollouts(changes, HIGHEST) if changes > 1 else 0


def _cost(part: Part, unit: Unit, number: float, rollouts: float, seconds: float) -> Cost:
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
    played: Forecast,
    costs: tuple[Cost, ...],
    budgets: tuple[Allowance, ...],
    iterations: int,
    one: Unit,
) -> Estimate:
    table = project.config.evolve
    first, rest = costs[0], _sum(costs[1:])
    covered, limit = _covered(first, rest, budgets, iterations)
    attribution = sum(cost.rollouts for cost in costs if cost.part == "attribution")
    ceiling = in_rollouts(table.comparison, one).rollouts if table.gate == "bayes" else 0
    points = about(suite.train_known, table.rollouts, ceiling or inf) if table.gate in NUMBERED else None
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
        low=played.low + attribution,
        high=played.high + attribution,
        covered=covered,
        limit=limit,
        points=points,
        warnings=warnings(
            suite.train_known,
            points,
            covered,
            limit,
            table.rollouts,
            project.config.model_spec("coder").temperature,
            bool(ceiling),
            table.comparison.usd > 0 and one.usd is None,
        ),
    )


def _covered(
    first: Cost, rest: Cost, budgets: tuple[Allowance, ...], iterations: int
) -> tuple[float | None, str]:
    """How many of the iterations the tightest budget pays for after the baseline, and which budget that is."""
    tightest: tuple[float, str] | None = None
    for budget in budgets:
        base, all_of_them = budget.needs(first), budget.needs(rest)
        if base is None or not all_of_them or not iterations:
            continue
        count = max(0.0, budget.left - base) / (all_of_them / iterations)
        if tightest is None or count < tightest[0]:
            tightest = (count, budget.name)
    return tightest if tightest else (None, "")
