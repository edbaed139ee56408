"""The gates of published loops, for comparison with the default gate."""

from __future__ import annotations

from ahe.gate.decisions import decided, heldout_posterior, points, posterior_or_request, requests_up_to
from ahe.records import Comparison, Decision, Tally


class StrictGate:
    """Self-Harness (arXiv 2606.09498): neither split may fall, and one must rise.

    Keeps iff Δ_train ≥ 0, Δ_heldout ≥ 0 and the larger is above 0, on raw differences.
    """

    name = "strict"

    def decide(self, comparison: Comparison) -> Decision:
        """Held-out is measured for every candidate that does not fall on train."""
        train = posterior_or_request(comparison)
        if isinstance(train, Decision):
            return train
        if train.raw < 0:
            return decided(train, "reverted", f"train fell by {-100 * train.raw:.1f} points")
        if not comparison.heldout_tasks:
            reason = f"train {points(train.raw)}; the suite has no held-out tasks"
            return decided(train, "kept" if train.raw > 0 else "reverted", reason)
        if requests := requests_up_to(comparison.heldout, comparison.heldout_tasks, comparison.rollouts):
            return Decision(outcome="more", reason="train did not fall; now held-out", requests=requests)
        heldout = heldout_posterior(comparison, train)
        if isinstance(heldout, Decision):
            return heldout
        kept = heldout.raw >= 0 and max(train.raw, heldout.raw) > 0
        reason = f"train {points(train.raw)}, held-out {points(heldout.raw)}"
        return decided(train, "kept" if kept else "reverted", reason, heldout=heldout)


class ParetoGate:
    """Meta-Harness (arXiv 2603.28052): pass rate and tokens together, strict dominance.

    Keeps a candidate that is not worse in pass rate on train nor in tokens per trial, and better in one of them.
    Where the tokens of an arm are unknown, pass rate alone decides.
    """

    name = "pareto"

    def decide(self, comparison: Comparison) -> Decision:
        """Kept iff the candidate dominates the incumbent; equal in both is not better."""
        train = posterior_or_request(comparison)
        if isinstance(train, Decision):
            return train
        before, after = comparison.tokens or (0.0, 0.0)
        dominates = train.raw >= 0 and after <= before and (train.raw > 0 or after < before)
        spent = f", {before:,.0f} → {after:,.0f} tokens a trial" if comparison.tokens else ""
        return decided(train, "kept" if dominates else "reverted", f"train {points(train.raw)}{spent}")


class GreedyGate:
    """Keeps a candidate whose mean pass rate on train is higher, however little; held-out is not measured.

    Most published loops do this. It keeps half of all edits that do nothing.
    """

    name = "greedy"

    def decide(self, comparison: Comparison) -> Decision:
        """Kept iff the raw difference is above 0."""
        train = posterior_or_request(comparison)
        if isinstance(train, Decision):
            return train
        return decided(train, "kept" if train.raw > 0 else "reverted", f"train {points(train.raw)}")


class FlipsGate:
    """AHE (arXiv 2604.25850): only the tasks that a change named count. A task passes when all its rollouts pass.

    A change is harmful if a risked task fell and no predicted one rose. Only a harmful change is reverted, so one
    that names no risk is always kept.
    """

    name = "flips"

    def decide(self, comparison: Comparison) -> Decision:
        """Kept unless harmful, after the plain rollouts."""
        train = posterior_or_request(comparison)
        if isinstance(train, Decision):
            return train
        passed = {task: (_passes(b), _passes(c)) for task, (b, c) in comparison.train.items() if b.n and c.n}
        fixed = sum(passed.get(task) == (False, True) for task in comparison.predicts)
        broken = sum(passed.get(task) == (True, False) for task in comparison.risks)
        counted = f"{fixed} of {len(comparison.predicts)} predicted fixed"
        reason = f"{counted}, {broken} of {len(comparison.risks)} risked broken"
        return decided(train, "reverted" if broken and not fixed else "kept", reason)


def _passes(tally: Tally) -> bool:
    return tally.passes == tally.n
