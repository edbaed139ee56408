"""Self-Harness (arXiv 2606.09498): neither split may fall, and one must rise."""

from __future__ import annotations

from ahe.gate.coverage import asks_up_to, points, posterior_or_request, unusable, verdict
from ahe.gate.posterior import posterior
from ahe.records import Comparison, Decision


class StrictGate:
    """Keeps iff Δ_train ≥ 0, Δ_heldout ≥ 0 and the larger is above 0, on raw differences."""

    name = "strict"

    def decide(self, comparison: Comparison) -> Decision:
        """Held-out is measured for every candidate that does not fall on train."""
        train = posterior_or_request(comparison)
        if isinstance(train, Decision):
            return train
        if train.raw < 0:
            return verdict(train, "reverted", f"train fell by {-100 * train.raw:.1f} points")
        if not comparison.heldout_tasks:
            reason = f"train {points(train.raw)}; the suite has no held-out tasks"
            return verdict(train, "kept" if train.raw > 0 else "reverted", reason)
        if asks := asks_up_to(comparison.heldout, comparison.heldout_tasks, comparison.rollouts):
            return Decision(outcome="more", reason="train did not fall; now held-out", asks=asks)
        heldout = posterior(comparison.heldout, comparison.concentration)
        problem = unusable(comparison.heldout)
        if problem or heldout is None:
            return verdict(train, "undecided", f"held-out: {problem or 'no task was scored in both arms'}")
        kept = heldout.raw >= 0 and max(train.raw, heldout.raw) > 0
        reason = f"train {points(train.raw)}, held-out {points(heldout.raw)}"
        return verdict(train, "kept" if kept else "reverted", reason, heldout=heldout)
