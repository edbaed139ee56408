"""The gates by name."""

from __future__ import annotations

from collections.abc import Callable

from ahe.errors import UsageError
from ahe.gate.bayes import BayesGate
from ahe.gate.flips import FlipsGate
from ahe.gate.greedy import GreedyGate
from ahe.gate.pareto import ParetoGate
from ahe.gate.strict import StrictGate
from ahe.protocols import Gate

GATES: dict[str, Callable[[], Gate]] = {
    "bayes": BayesGate,
    "strict": StrictGate,
    "pareto": ParetoGate,
    "greedy": GreedyGate,
    "flips": FlipsGate,
}


def make_gate(name: str, *, quick: bool = False) -> Gate:
    """The gate of that name with its defaults. With `quick` held-out takes no more rollouts a task than train.

    Raises `UsageError` that lists the names.
    """
    if name not in GATES:
        raise UsageError(f"there is no gate {name!r}: set [evolve] gate to one of {', '.join(GATES)}")
    return BayesGate(heldout=0) if quick and name == "bayes" else GATES[name]()
