"""The gates of the tables: those of `ahe`, and the one that the default replaced, for comparison.

*fixed-bounds*: all plain rollouts first; then bounds that do not move (keep at P ≥ .93, revert at P ≤ .12), two more
rollouts on both arms of the tasks of highest v_t and of a few at random, up to 4·T, then P ≥ .60.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from ahe.gate.bayes import extra
from ahe.gate.choose import GATES as OWN
from ahe.gate.decisions import decided, posterior_or_request
from ahe.gate.posterior import Posterior
from ahe.protocols import Gate
from ahe.records import Comparison, Decision, RolloutRequest

KEEP, REVERT, FINAL, EXTRA = 0.93, 0.12, 0.60, 4


class FixedBoundsGate:
    """The first default gate; it decides on train alone."""

    name = "fixed-bounds"

    def decide(self, comparison: Comparison) -> Decision:
        found = posterior_or_request(comparison)
        if isinstance(found, Decision):
            return found
        score = found.above()
        if score >= KEEP or score <= REVERT:
            return decided(found, "kept" if score >= KEEP else "reverted", f"P = {score:.2f}")
        if requests := self._round(comparison, found):
            return Decision(outcome="more", reason=f"P = {score:.2f}", requests=requests)
        return decided(found, "kept" if score >= FINAL else "reverted", f"P = {score:.2f} at the end")

    @staticmethod
    def _round(comparison: Comparison, found: Posterior) -> tuple[RolloutRequest, ...]:
        count, spent = len(comparison.train), extra(comparison)
        ranked = sorted(found.tasks, key=lambda task: (-found.tasks[task].variance, task))
        top = max(3, round(0.09 * count))
        control = Random(f"{comparison.candidate} {spent}").sample(ranked[top:], max(1, round(0.045 * count)))
        chosen = (*control, *ranked[:top])[: (EXTRA * count - spent) // 4]
        pairs = comparison.train
        goals = {task: min(arm.n for arm in pairs[task]) + 2 for task in chosen}
        return tuple(
            RolloutRequest(task=task, arm=arm, n=goal)
            for task, goal in goals.items()
            for arm, tally in zip(("incumbent", "candidate"), pairs[task], strict=True)
            if tally.n < goal
        )


GATES: dict[str, Callable[[], Gate]] = {**OWN, "fixed-bounds": FixedBoundsGate}
