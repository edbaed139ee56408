"""What the gates share: which rollouts to request, whether they can decide, and the held-out veto."""

import math
from collections.abc import Mapping
from typing import Literal

from ahe.gate.posterior import Pairs, Posterior, posterior
from ahe.records import Comparison, Decision, RolloutRequest, Tally

COVERAGE = 0.6
MAX_MISSING_GAP = 0.10

PER_ARM = 48
VETO = 0.5
SMALL = 30


def tried(tally: Tally) -> int:
    """Attempts made, including those that broke."""
    return tally.n + tally.missing


def requests_up_to(pairs: Pairs, goals: Mapping[str, int]) -> tuple[RolloutRequest, ...]:
    """Requests that bring both arms to each task's number of attempts, in the order of the tasks.

    The arms alternate, so that a drift affects both alike.
    """
    requests = []
    for task, goal in goals.items():
        incumbent, candidate = pairs.get(task, (Tally(), Tally()))
        if tried(incumbent) < goal:
            requests.append(RolloutRequest(task=task, arm="incumbent", n=goal))
        if tried(candidate) < goal:
            requests.append(RolloutRequest(task=task, arm="candidate", n=goal))
    return tuple(requests)


def unusable(pairs: Pairs) -> str:
    """Why these rollouts cannot decide; empty where they can. Missing or untried does not count as failed."""
    started = [pair for pair in pairs.values() if all(map(tried, pair))]
    arms = [[pair[arm] for pair in started] for arm in (0, 1)]
    rates = [sum(t.missing for t in arm) / max(1, sum(map(tried, arm))) for arm in arms]
    covered = sum(1 for b, c in started if b.n and c.n) / max(1, len(started))
    if covered < COVERAGE or min(1 - rate for rate in rates) < COVERAGE:
        return f"too many trials are missing (incumbent {rates[0]:.0%}, candidate {rates[1]:.0%})"
    if abs(rates[0] - rates[1]) > MAX_MISSING_GAP:
        return f"the arms miss different shares of trials ({rates[0]:.0%} and {rates[1]:.0%})"
    return ""


def posterior_or_request(comparison: Comparison) -> Posterior | Decision:
    """The posterior on train, or the decision without one: `more` for the plain rollouts, `undecided`."""
    if requests := requests_up_to(comparison.train, dict.fromkeys(comparison.train, comparison.rollouts)):
        return Decision(outcome="more", reason="rollouts on train", requests=requests)
    if problem := unusable(comparison.train):
        return Decision(outcome="undecided", reason=problem)
    found = posterior(comparison.train, comparison.concentration)
    return found or Decision(outcome="undecided", reason="no task has a scored trial in both arms")


def decided(
    train: Posterior,
    outcome: Literal["kept", "reverted", "undecided"],
    reason: str,
    *,
    heldout: Posterior | None = None,
) -> Decision:
    """A decision with the numbers of the posterior, whatever the gate's rule is."""
    return Decision(
        outcome=outcome,
        reason=reason,
        score=train.above(),
        delta=train.interval(),
        raw_delta=train.raw,
        heldout_delta=heldout.mean if heldout else None,
    )


def points(delta: float) -> str:
    """A difference of pass rates in points, as a verdict's reason shows it."""
    return f"{100 * delta:+.1f} points"


def heldout_posterior(comparison: Comparison, train: Posterior) -> Posterior | Decision:
    """The posterior on held-out, once all its rollouts are run; `undecided` where they cannot decide."""
    found, problem = posterior(comparison.heldout, comparison.concentration), unusable(comparison.heldout)
    if found and not problem:
        return found
    return decided(train, "undecided", f"held-out: {problem or 'no task was scored in both arms'}")


def heldout_rollouts(comparison: Comparison, per_arm: int = PER_ARM) -> int:
    """Rollouts of each held-out task: the plain number, or more where an arm needs them to reach `per_arm`."""
    tasks = len(comparison.heldout_tasks)
    return max(comparison.rollouts, math.ceil(per_arm / tasks)) if tasks else 0


def margin(tasks: int) -> float:
    """How far held-out may fall without a veto: max(2 points, 50/T_h points), as a share of 1."""
    return max(0.02, 0.5 / tasks)


def vetoes(heldout: Posterior) -> bool:
    """Whether held-out vetoes: a fall beyond the margin is more likely than not."""
    return heldout.below(-margin(len(heldout.tasks))) > VETO


def apply_heldout_veto(
    comparison: Comparison, train: Posterior, reason: str, per_arm: int = PER_ARM
) -> Decision:
    """Keep for `reason`, unless held-out vetoes: P(Δ < −margin) > .5.

    Held-out cannot prove a gain, it can only veto. The posterior is the same as on train, on at least `per_arm`
    rollouts an arm. With fewer than 30 tasks only a collapse is visible, and the reason says so. `more` while held-out
    rollouts are missing.
    """
    tasks = comparison.heldout_tasks
    if not tasks:
        return decided(train, "kept", f"{reason}; the suite has no held-out tasks")
    goals = dict.fromkeys(tasks, heldout_rollouts(comparison, per_arm))
    if requests := requests_up_to(comparison.heldout, goals):
        return Decision(outcome="more", reason="train passed; now held-out", requests=requests)
    found = heldout_posterior(comparison, train)
    if isinstance(found, Decision):
        return found
    fall = found.below(-margin(len(found.tasks)))
    kind = "veto against collapse" if len(tasks) < SMALL else "veto"
    moved = f"held-out {points(found.mean)}"
    if vetoes(found):
        why = f"{kind}: {moved}, with probability {fall:.2f} a fall beyond the margin"
        return decided(train, "reverted", why, heldout=found)
    return decided(train, "kept", f"{reason}; no {kind} ({moved})", heldout=found)
