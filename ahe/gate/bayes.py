"""The default gate: keeps what is probably better, and measures more while that is open."""

from __future__ import annotations

from dataclasses import dataclass

from ahe.gate.allocation import extra, next_round, plain_requests, within
from ahe.gate.decisions import PER_ARM, apply_heldout_veto, decided, unusable
from ahe.gate.posterior import Posterior, posterior
from ahe.records import Ceiling, Comparison, Decision, RolloutRequest

NO_CEILING = Ceiling()


@dataclass
class BayesGate:
    """Looks at P, the averaged posterior that the candidate is better, while its rollouts come in.

    `looks` are (share of the plain rollouts, P at or below which the candidate is reverted then). After the plain
    rollouts it is kept at P ≥ `keep` and reverted at P ≤ `revert`; between, up to `extra`·T more rollouts are run,
    while both bounds move towards `final`. Better means: by more than `tax` (as a share of 1) for each 1,000 tokens
    that the prompt grew. `heldout` is the least number of held-out rollouts an arm. `ceiling` limits what train may
    cost: when it is reached, the existing rollouts decide, by the bound `final`.
    """

    looks: tuple[tuple[float, float], ...] = ((0.25, 0.15), (0.5, 0.30), (0.75, 0.34))
    keep: float = 0.84
    revert: float = 0.37
    final: float = 0.66
    extra: float = 4.0
    tax: float = 0.0
    heldout: int = PER_ARM
    ceiling: Ceiling = NO_CEILING
    name: str = "bayes"

    def decide(self, comparison: Comparison) -> Decision:
        """Decide on the train rollouts or request more; held-out only where train says keep."""
        requests: tuple[RolloutRequest, ...] = ()
        hopeless = 0.0
        for share, bound in (*self.looks, (1.0, self.revert)):
            if requests := plain_requests(comparison, share):
                break
            hopeless = bound
        found = posterior(comparison.train, comparison.concentration)
        problem = "" if found is None else unusable(comparison.train)
        score = found.above(self.tax * comparison.grown / 1000) if found else 0.0
        if found and not problem and score <= hopeless:
            return decided(found, "reverted", f"not better on train (P = {score:.2f})")
        if affordable := within(requests, comparison, self.ceiling):
            return Decision(outcome="more", reason="rollouts on train", requests=affordable)
        if requests and found is None:
            reason = "no task was run with both harnesses: raise the ceiling, [evolve] comparison"
            return Decision(outcome="undecided", reason=reason)
        if found is None or problem:
            return Decision(outcome="undecided", reason=problem or unusable(comparison.train))
        return self._beyond(comparison, found, score)

    def _beyond(self, comparison: Comparison, found: Posterior, score: float) -> Decision:
        """Whether to keep, revert or run more, once the plain rollouts are in."""
        spent = min(1.0, extra(comparison) / (self.extra * len(comparison.train))) if self.extra else 1.0
        keep = self.keep + spent * (self.final - self.keep)
        revert = self.revert + spent * (self.final - self.revert)
        requests = next_round(comparison, found, self.extra) if revert < score < keep else ()
        if requests := within(requests, comparison, self.ceiling):
            return Decision(
                outcome="more", reason=f"train leaves it open (P = {score:.2f})", requests=requests
            )
        if score >= min(keep, self.final) and score > revert:
            return apply_heldout_veto(comparison, found, f"better on train (P = {score:.2f})", self.heldout)
        return decided(found, "reverted", f"unproven on train (P = {score:.2f})")
