"""What a project knows already, without opening a model: trials in the store, what a rollout costs, budgets left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

from ahe.debug.ask.material import EMBEDDED_CAPS, Caps
from ahe.errors import UsageError
from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.store import Store
from ahe.evaluate.trial import HarnessVersion
from ahe.events import NullWatcher
from ahe.history import History
from ahe.models.identity import fingerprint
from ahe.models.ledger import cost
from ahe.models.probe import settled_mode
from ahe.project.config import BudgetTable
from ahe.project.project import Project
from ahe.project.sandboxes import trial_runner
from ahe.records import Cost, ModelSpec, Reply, Request, Role, Usage

SAMPLE = 300

# Assumed where nothing was measured: input and output tokens, seconds.
TRIAL, TRIAL_EMBEDDED = (30_000, 2_000, 60.0), (3_000, 300, 12.0)
EVOLVER, EVOLVER_EMBEDDED = (400_000, 15_000, 240.0), (4_000, 500, 60.0)
ASKED, ASKED_EMBEDDED = (30_000, 2_000, 30.0), (2_000, 300, 20.0)
"""For one task that the debugger is asked about."""


def version(project: Project, history: History, rev: str) -> HarnessVersion:
    """The harness at a revision, exported where trials can mount it."""
    sha = history.resolve(rev)
    root = history.export(sha, project.config.runs / "harnesses")
    return HarnessVersion(id=history.harness_id(sha), root=str(root))


# ---------------------------------------------------------------- trials


@dataclass
class OfflineModel:
    """A model known only by name: its trials can be found in the store, but it does not answer."""

    spec: ModelSpec
    fingerprint: str

    async def complete(self, request: Request) -> Reply:
        raise UsageError(f"{self.spec.name} is not open, because this command asks no model: run `ahe eval`")


def settled_spec(project: Project, role: Role) -> ModelSpec:
    """The model of a role as its trials are stored; as configured where its weights were not fetched yet."""
    return project.settled_spec(role)


def reader(project: Project, store: Store) -> Evaluator | None:
    """Finds trials of the coder. None where there cannot be any: its tool-call mode was never settled."""
    spec = settled_spec(project, "coder")
    mode = settled_mode(store, spec)
    if mode is None:
        return None
    runner = trial_runner(project, store, OfflineModel(spec, fingerprint(spec)), mode)
    return Evaluator(store, runner, NullWatcher(), jobs=1)


# ---------------------------------------------------------------- costs


@dataclass(frozen=True)
class UnitCost:
    """What one rollout, or the work of one role in one iteration, takes. `usd` is None where the price is unknown.

    `basis` says where the numbers come from.
    """

    tokens: float
    usd: float | None
    seconds: float
    basis: str


def rollout_cost(project: Project, store: Store) -> UnitCost:
    """A rollout of the coder: the mean over up to 300 of its trials in the store.

    The mean, not the median, because a sum is estimated: rollouts that run into their limits are paid for too.
    """
    spec = settled_spec(project, "coder")
    trials = store.sample(fingerprint(spec), SAMPLE)
    if not trials:
        embedded = project.config.models["coder"].embedded
        return _assumed(project, "coder", TRIAL_EMBEDDED if embedded else TRIAL)
    usages = [trial.usage + trial.side_usage for trial in trials]
    priced = [usd for usd in (cost(spec, usage) for usage in usages) if usd is not None]
    return UnitCost(
        tokens=fmean(usage.tokens for usage in usages),
        usd=fmean(priced) if priced else None,
        seconds=fmean(trial.seconds for trial in trials),
        basis=f"mean of {len(trials)} trials",
    )


def role_cost(project: Project, store: Store, role: Role, iterations: int, tasks: int) -> UnitCost:
    """The work of debugger or evolver in one iteration: the mean over the `iterations` that are done.

    Seconds are always assumed, because only calls are on record.
    """
    assumed = _assumed(project, role, _assumed_work(project, role, tasks))
    spent = store.spent((role,))
    if not spent.calls:
        return assumed
    done = max(1, iterations)
    usd = cost(settled_spec(project, role), spent)
    return UnitCost(
        tokens=spent.tokens / done,
        usd=None if usd is None else usd / done,
        seconds=assumed.seconds,
        basis=f"mean of {done} iteration{'' if done == 1 else 's'}",
    )


def _assumed_work(project: Project, role: Role, tasks: int) -> tuple[int, int, float]:
    embedded, table = project.config.models[role].embedded, project.config.evolve
    if role == "evolver":
        return EVOLVER_EMBEDDED if embedded else EVOLVER
    if table.debugger == "none" or table.evidence == "scores":
        return (0, 0, 0.0)
    caps, one = (EMBEDDED_CAPS, ASKED_EMBEDDED) if embedded else (Caps(), ASKED)
    asked = min(tasks, caps.tasks)
    return (asked * one[0], asked * one[1], asked * one[2] / table.jobs)


def _assumed(project: Project, role: Role, amount: tuple[int, int, float]) -> UnitCost:
    inputs, outputs, seconds = amount
    usage = Usage(calls=1, input_tokens=inputs, output_tokens=outputs)
    usd = cost(settled_spec(project, role), usage)
    return UnitCost(inputs + outputs, usd, seconds, "assumed" if inputs else "asks no model")


# ---------------------------------------------------------------- budgets


@dataclass(frozen=True)
class Allowance:
    """One budget: its name for people, what is `left` of it, and how much of it a part of a run `needs`.

    `needs` gives None where that is unknown, as with the money of a model without a price.
    """

    name: str
    left: float
    needs: Callable[[Cost], float | None]


def allowances(budget: BudgetTable, spent: Usage, rollouts: int) -> tuple[Allowance, ...]:
    """The budgets that are set. `spent` and `rollouts` are what the project has used of them so far."""
    found = []
    if budget.usd:
        left = max(0.0, budget.usd - (spent.usd or 0.0))
        found.append(Allowance(f"${budget.usd:.2f}", left, lambda cost: cost.usd))
    if budget.tokens:
        left = max(0.0, budget.tokens - spent.tokens)
        found.append(Allowance(f"{budget.tokens:,} tokens", left, lambda cost: cost.tokens))
    if budget.rollouts:
        left = max(0.0, budget.rollouts - rollouts)
        found.append(Allowance(f"{budget.rollouts:,} rollouts", left, lambda cost: cost.rollouts))
    if budget.minutes:
        found.append(Allowance(f"{budget.minutes:g} minutes", 60 * budget.minutes, lambda cost: cost.seconds))
    return tuple(found)
