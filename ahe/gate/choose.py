"""The gates by name, and the one for what a person decided, which nobody chooses."""

from __future__ import annotations

from collections.abc import Callable

from ahe.errors import UsageError
from ahe.gate.bayes import BayesGate
from ahe.gate.decisions import PER_ARM, posterior_or_request, verdict
from ahe.gate.published import FlipsGate, GreedyGate, ParetoGate, StrictGate
from ahe.protocols import Gate
from ahe.records import Ceiling, Comparison, Decision

GATES: dict[str, Callable[[], Gate]] = {
    "bayes": BayesGate,
    "strict": StrictGate,
    "pareto": ParetoGate,
    "greedy": GreedyGate,
    "flips": FlipsGate,
}


def make_gate(name: str, *, quick: bool = False, tax: float = 0.0, ceiling: Ceiling | None = None) -> Gate:
    """The gate of that name. With `quick` held-out takes no more rollouts a task than train.

    `tax`, in points for each 1,000 tokens of the prompt, and `ceiling` are for `bayes` alone: the others have
    neither, and take the same rollouts of every candidate.
    Raises `UsageError` that lists the names.
    """
    if name not in GATES:
        raise UsageError(f"there is no gate {name!r}: set [evolve] gate to one of {', '.join(GATES)}")
    if name != "bayes":
        return GATES[name]()
    return BayesGate(heldout=0 if quick else PER_ARM, tax=tax / 100, ceiling=ceiling or Ceiling())


class NotedGate:
    """Keeps, and asks for the plain rollouts only: more of them could not change a person's decision.

    For a person's own commits that lead to a known harness, as `git revert` by hand does.
    """

    name = "noted"

    def decide(self, comparison: Comparison) -> Decision:
        """Kept, with the posterior of the rollouts at hand; undecided where too many are missing."""
        train = posterior_or_request(comparison)
        if isinstance(train, Decision):
            return train
        return verdict(train, "kept", f"a person's commit, measured before (P = {train.above():.2f})")
