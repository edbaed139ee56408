"""The held-out split's say: it may veto a candidate that train would keep, and it proves nothing."""

from __future__ import annotations

import math

from ahe.gate.coverage import asks_up_to, points, unusable, verdict
from ahe.gate.posterior import Posterior, posterior
from ahe.records import Comparison, Decision

PER_ARM = 48
VETO = 0.5
SMALL = 30


def heldout_rollouts(comparison: Comparison, per_arm: int = PER_ARM) -> int:
    """Rollouts of each held-out task: the plain number, or more where `per_arm` of an arm need it."""
    tasks = len(comparison.heldout_tasks)
    return max(comparison.rollouts, math.ceil(per_arm / tasks)) if tasks else 0


def margin(tasks: int) -> float:
    """A fall within the margin is not counted: max(2 points, 50/T_h points)."""
    return max(0.02, 0.5 / tasks)


def vetoes(found: Posterior) -> bool:
    """Whether held-out vetoes: a fall beyond the margin is more likely than not."""
    return found.below(-margin(len(found.tasks))) > VETO


def apply_heldout_veto(
    comparison: Comparison, train: Posterior, reason: str, per_arm: int = PER_ARM
) -> Decision:
    """Keep for `reason`, unless held-out objects: P(Δ < −margin) > .5 is its veto.

    The same averaged posterior as on train, at least `per_arm` rollouts an arm. Under 30 tasks only a collapse can be
    seen, and the reason says so. `more` while held-out rollouts are to be run.
    """
    tasks = comparison.heldout_tasks
    if not tasks:
        return verdict(train, "kept", f"{reason}; the suite has no held-out tasks")
    if asks := asks_up_to(comparison.heldout, tasks, heldout_rollouts(comparison, per_arm)):
        return Decision(outcome="more", reason="train passed; now held-out", asks=asks)
    found = posterior(comparison.heldout, comparison.concentration)
    problem = unusable(comparison.heldout)
    if problem or found is None:
        return verdict(train, "undecided", f"held-out: {problem or 'no task was scored in both arms'}")
    fall = found.below(-margin(len(found.tasks)))
    kind = "veto against collapse" if len(tasks) < SMALL else "veto"
    moved = f"held-out {points(found.mean)}"
    if vetoes(found):
        why = f"{kind}: {moved}, with probability {fall:.2f} a fall beyond the margin"
        return verdict(train, "reverted", why, heldout=found)
    return verdict(train, "kept", f"{reason}; no {kind} ({moved})", heldout=found)
