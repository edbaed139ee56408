"""Keeps whatever measured higher. What most published loops do; half of all edits that do nothing pass."""

from __future__ import annotations

from ahe.gate.coverage import points, posterior_or_request, verdict
from ahe.records import Comparison, Decision


class GreedyGate:
    """Keeps a candidate whose mean pass rate on train is higher, by however little; held-out is not asked."""

    name = "greedy"

    def decide(self, comparison: Comparison) -> Decision:
        """Kept iff the raw difference is above 0."""
        found = posterior_or_request(comparison)
        if isinstance(found, Decision):
            return found
        return verdict(found, "kept" if found.raw > 0 else "reverted", f"train {points(found.raw)}")
