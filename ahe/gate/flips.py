"""The published rule of AHE (arXiv 2604.25850), for comparison: it looks at the tasks that a change named."""

from __future__ import annotations

from ahe.gate.coverage import posterior_or_request, verdict
from ahe.records import Comparison, Decision, Tally


class FlipsGate:
    """A task passes when all its rollouts pass. Harmful: a risked task fell and no predicted one rose.

    Only what is harmful is reverted. A change that names no risk can never be, and what happens to the
    tasks that nobody named is not seen.
    """

    name = "flips"

    def decide(self, comparison: Comparison) -> Decision:
        """Kept unless harmful, after the plain rollouts."""
        found = posterior_or_request(comparison)
        if isinstance(found, Decision):
            return found
        passed = {task: (_passes(b), _passes(c)) for task, (b, c) in comparison.train.items() if b.n and c.n}
        fixed = sum(passed.get(task) == (False, True) for task in comparison.predicts)
        broken = sum(passed.get(task) == (True, False) for task in comparison.risks)
        counted = f"{fixed} of {len(comparison.predicts)} predicted fixed"
        reason = f"{counted}, {broken} of {len(comparison.risks)} risked broken"
        return verdict(found, "reverted" if broken and not fixed else "kept", reason)


def _passes(tally: Tally) -> bool:
    return tally.passes == tally.n
