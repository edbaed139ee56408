"""What a project knows already, without opening a model: trials in the store, what a rollout costs, budgets left."""

from collections.abc import Collection
from dataclasses import dataclass
from statistics import fmean
from typing import Literal, NamedTuple

from ahe.debug.ask.material import EMBEDDED_CAPS, Caps
from ahe.errors import UsageError
from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.store import Store
from ahe.evaluate.trial import HarnessVersion
from ahe.events import NullWatcher
from ahe.gate.choose import make_gate
from ahe.history import History
from ahe.models.identity import fingerprint
from ahe.models.ledger import cost
from ahe.models.probe import settled_mode
from ahe.project.project import Project
from ahe.project.sandboxes import trial_runner
from ahe.protocols import Gate
from ahe.records import Ceiling, Cost, ModelSpec, Reply, Request, Role, Tally, Usage
from ahe.text import plural

SAMPLE = 300
ASSUMED: dict[Role, tuple[tuple[int, int, float], tuple[int, int, float]]] = {
    "coder": ((30_000, 2_000, 60.0), (3_000, 300, 12.0)),
    "debugger": ((30_000, 2_000, 30.0), (2_000, 300, 20.0)),
    "evolver": ((400_000, 15_000, 240.0), (4_000, 500, 60.0)),
}
"""Input and output tokens and seconds of a rollout, of asking about a task, and of an iteration's edits, where nothing
was measured; then those of the embedded model."""

DESCRIBING = 0.01
"""What describing a document takes, as a share of an iteration's edits."""


def version(project: Project, history: History, rev: str) -> HarnessVersion:
    """The harness at a revision, exported where trials can mount it."""
    sha = history.resolve(rev)
    root = history.export(sha, project.config.runs / "harnesses")
    return HarnessVersion(id=history.harness_id(sha), root=str(root))


@dataclass
class OfflineModel:
    """A model known only by name: its trials can be found in the store, but it does not answer."""

    spec: ModelSpec
    fingerprint: str

    async def complete(self, request: Request) -> Reply:
        raise UsageError(f"{self.spec.name} is not open, because this command asks no model: run `ahe eval`")


def reader(project: Project, store: Store) -> Evaluator | None:
    """Finds trials of the coder. None where there cannot be any: its tool-call mode was never settled."""
    spec = project.settled_spec("coder")
    mode = settled_mode(store, spec)
    if mode is None:
        return None
    runner = trial_runner(project, store, OfflineModel(spec, fingerprint(spec)), mode)
    return Evaluator(store, runner, NullWatcher(), jobs=1)


def rows_of(project: Project, store: Store, tasks: Collection[str]) -> list[tuple[str, Tally]]:
    """The coder's tallies at these tasks, a row for each harness and task: the prior is fitted to them."""
    rows = store.tallies(fingerprint(project.settled_spec("coder")))
    return [row for row in rows if row[0] in tasks]


def rollout_cost(project: Project, store: Store) -> Cost:
    """A rollout of the coder: the mean over up to 300 of its trials in the store. `jobs` rollouts share the seconds.

    The mean, not the median, because a sum is estimated: rollouts that run into their limits are paid for too.
    """
    spec = project.settled_spec("coder")
    trials = store.sample(fingerprint(spec), SAMPLE)
    if not trials:
        return _assumed(project, "coder").model_copy(update={"rollouts": 1.0})
    usages = [trial.usage + trial.side_usage for trial in trials]
    priced = [usd for usd in (cost(spec, usage) for usage in usages) if usd is not None]
    return Cost(
        part="comparisons",
        rollouts=1.0,
        tokens=fmean(usage.tokens for usage in usages),
        usd=fmean(priced) if priced else None,
        seconds=fmean(trial.seconds for trial in trials) / project.config.evolve.jobs,
        basis=f"mean of {len(trials)} trials",
    )


def debugger_cost(project: Project, store: Store, iterations: int, tasks: int) -> Cost:
    """The debugger's work in one iteration with so many tasks: see `evolver_cost`."""
    table = project.config.evolve
    caps = EMBEDDED_CAPS if project.config.models["debugger"].embedded else Caps()
    silent = table.debugger == "none" or table.evidence == "scores"
    asked = 0 if silent else min(tasks, caps.tasks)
    assumed = _assumed(project, "debugger", "assumed" if asked else "asks no model")
    return _measured(project, store, "debugger", iterations, assumed.times(asked, "debugger"))


def evolver_cost(project: Project, store: Store, iterations: int) -> Cost:
    """The evolver's work in one iteration: the mean over the `iterations` that are done.

    An editor without a model costs nothing. Seconds are always assumed, because only calls are on record.
    """
    table = project.config.evolve
    edits: float = 0 if table.editor in ("plays", "prune") else table.variants
    if table.editor == "documents":
        edits = 0 if project.config.models["evolver"].embedded else DESCRIBING
    assumed = _assumed(project, "evolver", "assumed" if edits else "asks no model")
    return _measured(project, store, "evolver", iterations, assumed.times(edits, "evolver"))


def _measured(project: Project, store: Store, role: Role, iterations: int, assumed: Cost) -> Cost:
    spent, done = store.spent((role,)), max(1, iterations)
    if not spent.calls:
        return assumed
    usd = cost(project.settled_spec(role), spent)
    mean = {"tokens": spent.tokens / done, "usd": None if usd is None else usd / done}
    return assumed.model_copy(update={**mean, "basis": f"mean of {plural(done, 'iteration')}"})


def _assumed(project: Project, role: Role, basis: str = "assumed") -> Cost:
    inputs, outputs, seconds = ASSUMED[role][project.config.models[role].embedded]
    usage = Usage(calls=1, input_tokens=inputs, output_tokens=outputs)
    return Cost(
        part="comparisons" if role == "coder" else role,
        tokens=usage.tokens,
        usd=cost(project.settled_spec(role), usage),
        seconds=seconds if role == "evolver" else seconds / project.config.evolve.jobs,
        basis=basis,
    )


Unit = Literal["usd", "tokens", "rollouts", "seconds"]


class Allowance(NamedTuple):
    """One budget: its name for people, and what is `left` of it. `unit` is the field of a `Cost` that counts for it."""

    name: str
    left: float
    unit: Unit


def allowances(project: Project, store: Store) -> list[Allowance]:
    """The budgets that are set, less what the project has used of them so far."""
    budget, spent = project.config.budget, store.spent()
    limits: tuple[tuple[float, float, str, Unit], ...] = (
        (budget.usd, spent.usd or 0.0, f"${budget.usd:.2f}", "usd"),
        (budget.tokens, spent.tokens, f"{budget.tokens:,} tokens", "tokens"),
        (budget.rollouts, store.count(), f"{budget.rollouts:,} rollouts", "rollouts"),
        (60 * budget.minutes, 0.0, f"{budget.minutes:g} minutes", "seconds"),
    )
    return [Allowance(name, max(0.0, most - used), unit) for most, used, name, unit in limits if most]


def simulated_gate(project: Project, one: Cost) -> Gate:
    """The gate of `ahe.toml`, with a ceiling in rollouts alone, converted at the cost of one rollout.

    Simulated rollouts have no tokens and no price, so a ceiling on either would never bind. Simulated edits do not
    lengthen the prompt, so a tax takes nothing.
    """
    table = project.config.evolve
    ceiling = Ceiling(rollouts=ceiling_in_rollouts(table.comparison, one))
    return make_gate(
        table.gate,
        quick=project.config.suite.quick,
        tax=table.tax,
        price=project.config.gate.price,
        ceiling=ceiling,
    )


def ceiling_in_rollouts(ceiling: Ceiling, one: Cost) -> int:
    """The tightest of the limits, in rollouts: at least one, or 0 where no limit is set."""
    costs = ((ceiling.rollouts, 1.0), (ceiling.tokens, one.tokens), (ceiling.usd, one.usd))
    limits = [limit / cost for limit, cost in costs if limit and cost]
    return max(1, int(min(limits))) if limits else 0
