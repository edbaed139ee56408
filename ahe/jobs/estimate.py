"""What a run is likely to take before it starts, and whether it can see an effect that is worth its cost."""

from collections.abc import Sequence
from contextlib import closing
from math import inf
from pathlib import Path

from ahe.evaluate.evaluation import tallies
from ahe.evaluate.store import Store
from ahe.evaluate.stored import stored_trials
from ahe.evaluate.trial import HarnessVersion
from ahe.gate.attribution import HIGHEST, most_rollouts
from ahe.gate.posterior import fit_concentration
from ahe.jobs import known
from ahe.loop.state import WorkspaceState, next_iteration, workspace_state
from ahe.loop.variants import race_rollouts
from ahe.power.detectable import Beliefs, approximate_effect, beliefs, tasks_for
from ahe.power.forecast import Forecast, forecast
from ahe.project.project import Project
from ahe.records import Cost, Estimate, Tally

NUMBERED = frozenset({"bayes", "strict", "greedy"})
"""The gates for which `approximate_effect` holds."""
COARSE, WANTED = 30.0, 15.0
"""Points. One edit hardly ever brings a rise of `COARSE`; a suite that shows `WANTED` is recommended instead."""


def estimate(project: Project, *, iterations: int | None = None) -> Estimate:
    """Rollouts, tokens, money and time of `ahe evolve` from here. Asks no model, runs nothing, takes seconds.

    Raises what `ahe evolve` would raise before it spends anything: `UsageError`, `TaskError`, `WorkspaceError`.
    """
    table, history, suite = project.config.evolve, project.history(), project.suite()
    state = workspace_state(history.commits())
    wanted = table.iterations if iterations is None else iterations
    suite.require_named()
    if table.editor == "plays":
        project.plays()
    train, heldout = project.tasks_in_use(suite)
    names, on_train = [task.name for task in (*train, *heldout)], [task.name for task in train]
    incumbent = HarnessVersion(id=history.harness_id(state.incumbent), root=str(Path()))
    with closing(project.store()) as store:
        reader = known.reader(project, store)
        counted = tallies(stored_trials(reader, incumbent, [*train, *heldout])) if reader else {}
        concentration = fit_concentration(known.rows_of(project, store, on_train))
        one = known.rollout_cost(project, store)
        simulated = forecast(
            known.simulated_gate(project, one),
            beliefs(names, counted, concentration),
            [counted.get(name, Tally()) for name in names],
            train=len(train),
            rollouts=table.rollouts,
            iterations=wanted,
        )
        costs = _costs(project, store, state, one, simulated, wanted, len(train))
        budgets = known.allowances(project, store)
    covered, limit = _covered(costs[0], _sum(costs[1:]), budgets, wanted)
    rates = beliefs(on_train, counted, concentration)
    ceiling = known.ceiling_in_rollouts(table.comparison, one) if table.gate == "bayes" else 0
    points = approximate_effect(rates, table.rollouts, ceiling or inf) if table.gate in NUMBERED else None
    added = sum(cost.rollouts for cost in costs if cost.part in ("attribution", "race"))
    return Estimate(
        iterations=wanted,
        tasks=len(train),
        heldout=len(heldout),
        rollouts=table.rollouts,
        jobs=table.jobs,
        gate=table.gate,
        measured=rates.measured,
        costs=costs,
        total=_sum(costs),
        low=simulated.low + added,
        high=simulated.high + added,
        covered=covered,
        limit=limit,
        points=points,
        warnings=(
            *_effect_warnings(rates, points, table.rollouts, ceiling > 0),
            *_setting_warnings(project, covered, limit, one),
        ),
    )


def _costs(
    project: Project,
    store: Store,
    state: WorkspaceState,
    one: Cost,
    simulated: Forecast,
    iterations: int,
    tasks: int,
) -> tuple[Cost, ...]:
    """The parts of the run, each with the basis of its numbers.

    Attribution judges first what is pending, then as many changes as the evolver may make; one that fills in a form
    makes one. Roughly: the bound on 8 disputed tasks. In simulation attribution takes less, which about makes up for
    putting what remains to the gate again.
    """
    table, embedded = project.config.evolve, project.config.models["evolver"].embedded
    form = table.editor == "proposal" or (table.editor == "auto" and embedded)
    most, pending = 1 if form else table.changes, sum(not commit.by_person for commit in state.pending)
    changes = [pending or most, *[most] * (iterations - 1)][:iterations]
    attributed = sum(most_rollouts(each, HIGHEST) for each in changes if each > 1)
    assumed = one.model_copy(update={"basis": f"assumed: {max(changes, default=0)} changes each"})
    done, raced = next_iteration(state) - 1, iterations * race_rollouts(table.variants, tasks)
    return (
        one.times(simulated.baseline, "baseline"),
        one.times(simulated.train, "comparisons"),
        *([one.times(raced, "race")] if raced else []),
        *([assumed.times(attributed, "attribution")] if attributed else []),
        one.times(simulated.heldout, "held-out"),
        known.debugger_cost(project, store, done, tasks).times(iterations, "debugger"),
        known.evolver_cost(project, store, done).times(iterations, "evolver"),
    )


def _sum(costs: Sequence[Cost]) -> Cost:
    priced = [cost.usd for cost in costs if cost.usd is not None]
    return Cost(
        part="total",
        rollouts=sum(cost.rollouts for cost in costs),
        tokens=sum(cost.tokens for cost in costs),
        usd=sum(priced) if len(priced) == len(costs) else None,
        seconds=sum(cost.seconds for cost in costs),
    )


def _covered(
    first: Cost, rest: Cost, budgets: Sequence[known.Allowance], iterations: int
) -> tuple[float | None, str]:
    """How many iterations the tightest budget pays for after the baseline, and which budget that is."""
    counts = []
    for name, left, unit in budgets:
        base, all_of_them = getattr(first, unit), getattr(rest, unit)
        if base is not None and all_of_them and iterations:
            counts.append((max(0.0, left - base) / (all_of_them / iterations), name))
    return min(counts, default=(None, ""))


def _effect_warnings(rates: Beliefs, points: float | None, rollouts: int, ceiling: bool) -> list[str]:
    """A warning if the run can hardly detect any effect of an edit, with the remedy."""
    if points is None:
        return []
    if points > COARSE:
        return [
            f"only rises of {points:.0f} points or more are likely to be seen: use more tasks "
            f"({tasks_for(WANTED, rates, rollouts)} tasks would do for {WANTED:.0f} points) or more rollouts"
            + (", or raise [evolve] comparison" if ceiling else "")
        ]
    if rates.measured and points > 100 * (1 - rates.mean):
        return [
            f"about {100 * rates.mean:.0f} % pass already, and a rise of less than {points:.0f} points is hardly seen: "
            "use harder tasks, more of them, or more rollouts"
        ]
    return []


def _setting_warnings(project: Project, covered: float | None, limit: str, one: Cost) -> list[str]:
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
