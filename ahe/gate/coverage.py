"""What every gate shares: which rollouts are still to be run, and whether those at hand may decide anything."""

from __future__ import annotations

from typing import Literal

from ahe.gate.posterior import Pairs, Posterior, posterior
from ahe.records import Comparison, Decision, RolloutRequest, Tally

COVERAGE = 0.6
MAX_MISSING_GAP = 0.10

Outcome = Literal["kept", "reverted", "undecided"]


def tried(tally: Tally) -> int:
    """Attempts made. A trial that broke counts as made: it was tried."""
    return tally.n + tally.missing


def asks_up_to(pairs: Pairs, tasks: tuple[str, ...], wanted: int) -> tuple[RolloutRequest, ...]:
    """What is missing to `wanted` attempts of both arms; the arms alternate, so that time favours neither."""
    asks = []
    for task in tasks:
        incumbent, candidate = pairs.get(task, (Tally(), Tally()))
        if tried(incumbent) < wanted:
            asks.append(RolloutRequest(task=task, arm="incumbent", n=wanted))
        if tried(candidate) < wanted:
            asks.append(RolloutRequest(task=task, arm="candidate", n=wanted))
    return tuple(asks)


def unusable(pairs: Pairs) -> str:
    """Why these rollouts cannot decide anything, or an empty text. Missing is not failed, nor is untried."""
    begun = [pair for pair in pairs.values() if all(map(tried, pair))]
    arms = [[pair[arm] for pair in begun] for arm in (0, 1)]
    rates = [sum(t.missing for t in arm) / max(1, sum(map(tried, arm))) for arm in arms]
    covered = sum(1 for b, c in begun if b.n and c.n) / max(1, len(begun))
    if covered < COVERAGE or min(1 - rate for rate in rates) < COVERAGE:
        return f"too many trials are missing (incumbent {rates[0]:.0%}, candidate {rates[1]:.0%})"
    if abs(rates[0] - rates[1]) > MAX_MISSING_GAP:
        return f"the arms miss different shares of trials ({rates[0]:.0%} and {rates[1]:.0%})"
    return ""


def posterior_or_request(comparison: Comparison) -> Posterior | Decision:
    """The posterior on train, or why there is none yet: `more` for the plain rollouts, `undecided`."""
    asks = asks_up_to(comparison.train, tuple(comparison.train), comparison.rollouts)
    if asks:
        return Decision(outcome="more", reason="rollouts on train", asks=asks)
    if problem := unusable(comparison.train):
        return Decision(outcome="undecided", reason=problem)
    found = posterior(comparison.train, comparison.concentration)
    return found or Decision(outcome="undecided", reason="no task has a scored trial in both arms")


def verdict(found: Posterior, outcome: Outcome, reason: str, *, heldout: Posterior | None = None) -> Decision:
    """A decision with its numbers. Whatever the gate's rule, the record says how sure one may be."""
    return Decision(
        outcome=outcome,
        reason=reason,
        score=found.above(),
        delta=found.interval(),
        raw_delta=found.raw,
        heldout_delta=heldout.mean if heldout else None,
    )


def points(delta: float) -> str:
    """A difference of pass rates in points, for a reason."""
    return f"{100 * delta:+.1f} points"
