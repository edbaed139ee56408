"""The gates by name, and `NotedGate` for a person's own commits."""

from __future__ import annotations

from collections.abc import Callable

from ahe.errors import UsageError
from ahe.gate.bayes import BayesGate
from ahe.gate.decisions import PER_ARM, decided, posterior_or_request
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
    """The gate of that name. With `quick`, a held-out task gets no more rollouts than a train task.

    `tax`, in points for each 1,000 tokens of the prompt, and `ceiling` apply to `bayes` only: the other gates run
    the same rollouts for every candidate.
    Raises `UsageError` that lists the names.
    """
    if name not in GATES:
        raise UsageError(f"there is no gate {name!r}: set [evolve] gate to one of {', '.join(GATES)}")
    if name != "bayes":
        return GATES[name]()
    return BayesGate(heldout=0 if quick else PER_ARM, tax=tax / 100, ceiling=ceiling or Ceiling())


class NotedGate:
    """Keeps the candidate after its plain rollouts: more of them could not change a person's decision.

    For a person's own commits whose harness was measured before, for example after a `git revert` by hand.
    """

    name = "noted"

    def decide(self, comparison: Comparison) -> Decision:
        """Kept, with the posterior of the existing rollouts; undecided where too many are missing."""
        train = posterior_or_request(comparison)
        if isinstance(train, Decision):
            return train
        return decided(train, "kept", f"a person's commit, measured before (P = {train.above():.2f})")
