"""The gate's first form: paired pass rates on train, and held-out must not fall.

For each task t with b of n_b passes (incumbent) and c of n_c (candidate), d = mean(c/n_c − b/n_b) over
tasks. Its standard error takes the rate p of each task from both arms together, with one prior trial at
one half so that 0 of 2 is not certainty: se = √(Σ p(1−p)(1/n_b + 1/n_c)) / T. The score is Φ(d/se).
The interval is the normal one at 90 %. It is honest for one comparison chosen beforehand; it does not
correct for having picked the best of many.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist

from ahe.records import Ask, Comparison, Decision, Interval, Tally

Pairs = Mapping[str, tuple[Tally, Tally]]

COVERAGE = 0.6
MAX_MISSING_GAP = 0.10
KEEP = 0.60
Z90 = NormalDist().inv_cdf(0.95)


class PairedGate:
    """Keeps a candidate whose score is at least .60 on train and whose held-out pass rate does not fall."""

    name = "paired"

    def decide(self, comparison: Comparison) -> Decision:
        """Ask for `rollouts` on train, decide; ask for held-out only where train says keep."""
        asks = _missing_rollouts(comparison.train, tuple(comparison.train), comparison.rollouts)
        if asks:
            return Decision(outcome="more", reason="rollouts on train", asks=asks)
        problem = _unusable(comparison.train)
        if problem:
            return Decision(outcome="undecided", reason=problem)
        raw, score, delta = measured(comparison.train)
        answer = Decision(outcome="reverted", reason="", score=score, delta=delta, raw_delta=raw)
        if raw <= 0 or score < KEEP:
            return _because(
                answer, "reverted", f"not shown to be better on train (score {score:.2f} < {KEEP})"
            )
        asks = _missing_rollouts(comparison.heldout, comparison.heldout_tasks, comparison.rollouts)
        if asks:
            return Decision(outcome="more", reason="train passed; now held-out", asks=asks)
        if not comparison.heldout_tasks:
            return _because(
                answer, "kept", f"better on train (score {score:.2f}); the suite has no held-out tasks"
            )
        problem = _unusable(comparison.heldout)
        if problem:
            return _because(answer, "undecided", f"held-out: {problem}")
        fall, _, _ = measured(comparison.heldout)
        answer = answer.model_copy(update={"heldout_delta": fall})
        if fall < 0:
            return _because(answer, "reverted", f"held-out fell by {-100 * fall:.1f} points")
        return _because(answer, "kept", f"better on train (score {score:.2f}), held-out did not fall")


def measured(pairs: Pairs) -> tuple[float, float, Interval]:
    """Raw mean difference, score Φ(d/se) and 90 % interval over the tasks that both arms have scored."""
    both = [(b, c) for b, c in pairs.values() if b.n and c.n]
    raw = sum(c.passes / c.n - b.passes / b.n for b, c in both) / len(both)
    variance = 0.0
    for b, c in both:
        p = (b.passes + c.passes + 0.5) / (b.n + c.n + 1)
        variance += p * (1 - p) * (1 / b.n + 1 / c.n)
    se = math.sqrt(variance) / len(both)
    return raw, NormalDist().cdf(raw / se), Interval(mean=raw, low=raw - Z90 * se, high=raw + Z90 * se)


def _missing_rollouts(pairs: Pairs, tasks: tuple[str, ...], wanted: int) -> tuple[Ask, ...]:
    """What is still to be run. A trial that broke counts as run: it was tried."""
    asks = []
    for task in tasks:
        incumbent, candidate = pairs.get(task, (Tally(), Tally()))
        if incumbent.n + incumbent.missing < wanted:
            asks.append(Ask(task=task, arm="incumbent", n=wanted))
        if candidate.n + candidate.missing < wanted:
            asks.append(Ask(task=task, arm="candidate", n=wanted))
    return tuple(asks)


def _unusable(pairs: Pairs) -> str:
    """Why these rollouts cannot decide anything, or an empty text."""
    arms = [[pair[arm] for pair in pairs.values()] for arm in (0, 1)]
    rates = [sum(t.missing for t in arm) / max(1, sum(t.n + t.missing for t in arm)) for arm in arms]
    covered = sum(1 for b, c in pairs.values() if b.n and c.n) / max(1, len(pairs))
    if covered < COVERAGE or min(1 - rate for rate in rates) < COVERAGE:
        return f"too many trials are missing (incumbent {rates[0]:.0%}, candidate {rates[1]:.0%})"
    if abs(rates[0] - rates[1]) > MAX_MISSING_GAP:
        return f"the arms miss different shares of trials ({rates[0]:.0%} and {rates[1]:.0%})"
    return ""


def _because(answer: Decision, outcome: str, reason: str) -> Decision:
    return answer.model_copy(update={"outcome": outcome, "reason": reason})
