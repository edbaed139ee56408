"""What one rollout and one iteration's agents cost: from the project's own record, else from stated assumptions."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from ahe.debug.ask.material import EMBEDDED_CAPS, Caps
from ahe.evaluate.store import Store
from ahe.jobs.reading import settled_spec
from ahe.models.identity import fingerprint
from ahe.models.ledger import cost
from ahe.project.project import Project
from ahe.records import Role, Usage

SAMPLE = 300

# Assumed where nothing was measured: input and output tokens, seconds.
TRIAL, TRIAL_EMBEDDED = (30_000, 2_000, 60.0), (3_000, 300, 12.0)
EVOLVER, EVOLVER_EMBEDDED = (400_000, 15_000, 240.0), (4_000, 500, 60.0)
ASKED, ASKED_EMBEDDED = (30_000, 2_000, 30.0), (2_000, 300, 20.0)
"""Of one task that the debugger is asked about."""


@dataclass(frozen=True)
class Unit:
    """What one rollout, or the work of one role in one iteration, takes. `usd` is None where no price is known.

    `basis` says where the numbers are from.
    """

    tokens: float
    usd: float | None
    seconds: float
    basis: str


def rollout_cost(project: Project, store: Store) -> Unit:
    """A rollout of the coder: the mean over up to 300 of its trials in the store. A sum is what is estimated, so
    the mean and not the median: some rollouts run into their limits, and are paid for too.
    """
    spec = settled_spec(project, "coder")
    trials = store.sample(fingerprint(spec), SAMPLE)
    if not trials:
        return _assumed(project, "coder", TRIAL_EMBEDDED if _embedded(project, "coder") else TRIAL)
    usages = [trial.usage + trial.side_usage for trial in trials]
    known = [cost(spec, usage) for usage in usages]
    priced = [usd for usd in known if usd is not None]
    return Unit(
        tokens=fmean(usage.tokens for usage in usages),
        usd=fmean(priced) if priced else None,
        seconds=fmean(trial.seconds for trial in trials),
        basis=f"mean of {len(trials)} trials",
    )


def role_cost(project: Project, store: Store, role: Role, iterations: int, tasks: int) -> Unit:
    """The work of debugger or evolver in one iteration: what it has cost in the `iterations` that are done.

    Seconds are always assumed: only calls are on record.
    """
    assumed = _assumed(project, role, _agent(project, role, tasks))
    spent = store.spent((role,))
    if not spent.calls:
        return assumed
    done = max(1, iterations)
    usd = cost(settled_spec(project, role), spent)
    return Unit(
        tokens=spent.tokens / done,
        usd=None if usd is None else usd / done,
        seconds=assumed.seconds,
        basis=f"mean of {done} iteration{'' if done == 1 else 's'}",
    )


def one_proposal(project: Project) -> bool:
    """Whether the evolver fills in a form, of one change an iteration."""
    editor = project.config.evolve.editor
    return editor == "proposal" or (editor == "auto" and _embedded(project, "evolver"))


def _agent(project: Project, role: Role, tasks: int) -> tuple[int, int, float]:
    embedded = _embedded(project, role)
    if role == "evolver":
        return EVOLVER_EMBEDDED if embedded else EVOLVER
    table = project.config.evolve
    if table.debugger == "none" or table.evidence == "scores":
        return (0, 0, 0.0)
    caps, one = (EMBEDDED_CAPS, ASKED_EMBEDDED) if embedded else (Caps(), ASKED)
    asked = min(tasks, caps.max_tasks or tasks)
    return (asked * one[0], asked * one[1], asked * one[2] / project.config.evolve.jobs)


def _assumed(project: Project, role: Role, amount: tuple[int, int, float]) -> Unit:
    inputs, outputs, seconds = amount
    usage = Usage(calls=1, input_tokens=inputs, output_tokens=outputs)
    usd = cost(settled_spec(project, role), usage)
    return Unit(inputs + outputs, usd, seconds, "assumed" if inputs else "asks no model")


def _embedded(project: Project, role: Role) -> bool:
    return project.config.models[role].name.split(":")[0] == "local"
