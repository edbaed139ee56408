"""Meta-Harness (arXiv 2603.28052): pass rate and tokens together, strict dominance."""

from __future__ import annotations

from ahe.gate.coverage import points, posterior_or_request, verdict
from ahe.records import Comparison, Decision


class ParetoGate:
    """Keeps a candidate that is no worse in pass rate on train and in tokens a trial, and better in one.

    Where the tokens of an arm are unknown they count as equal: pass rate alone decides.
    """

    name = "pareto"

    def decide(self, comparison: Comparison) -> Decision:
        """Kept iff the candidate dominates the incumbent; equal in both is not better."""
        found = posterior_or_request(comparison)
        if isinstance(found, Decision):
            return found
        before, after = comparison.tokens or (0.0, 0.0)
        dominates = found.raw >= 0 and after <= before and (found.raw > 0 or after < before)
        spent = f", {before:,.0f} → {after:,.0f} tokens a trial" if comparison.tokens else ""
        return verdict(found, "kept" if dominates else "reverted", f"train {points(found.raw)}{spent}")
