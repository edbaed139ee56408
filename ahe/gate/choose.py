"""The gates by name."""

from __future__ import annotations

from collections.abc import Callable

from ahe.errors import UsageError
from ahe.gate.bayes import BayesGate
from ahe.gate.flips import FlipsGate
from ahe.gate.greedy import GreedyGate
from ahe.gate.heldout import PER_ARM
from ahe.gate.pareto import ParetoGate
from ahe.gate.strict import StrictGate
from ahe.protocols import Gate
from ahe.records import Ceiling

GATES: dict[str, Callable[[], Gate]] = {
    "bayes": BayesGate,
    "strict": StrictGate,
    "pareto": ParetoGate,
    "greedy": GreedyGate,
    "flips": FlipsGate,
}


def make_gate(name: str, *, quick: bool = False, tax: float = 0.0, ceiling: Ceiling | None = None) -> Gate:
    """The gate of that name. With `quick` held-out takes no more rollouts a task than train.

    `tax`, in points for each 1,000 tokens of the prompt, and `ceiling` are for `bayes` alone: the others know
    neither, and take the same rollouts of every candidate.
    Raises `UsageError` that lists the names.
    """
    if name not in GATES:
        raise UsageError(f"there is no gate {name!r}: set [evolve] gate to one of {', '.join(GATES)}")
    if name != "bayes":
        return GATES[name]()
    return BayesGate(heldout=0 if quick else PER_ARM, tax=tax / 100, ceiling=ceiling or Ceiling())
