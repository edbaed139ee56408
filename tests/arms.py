"""Short ways to write tallies of two arms."""

from __future__ import annotations

from typing import Any

from ahe.protocols import Gate
from ahe.records import Comparison, Decision, Tally

Pair = tuple[Tally, Tally]


def pair(b: tuple[int, ...], c: tuple[int, ...]) -> Pair:
    """(passes, n) or (passes, n, missing) of incumbent and candidate."""
    names = ("passes", "n", "missing")
    one, other = (Tally(**dict(zip(names, arm, strict=False))) for arm in (b, c))
    return one, other


def same(count: int, b: tuple[int, ...], c: tuple[int, ...], name: str = "t") -> dict[str, Pair]:
    return {f"{name}{number}": pair(b, c) for number in range(count)}


def swapped(pairs: dict[str, Pair]) -> dict[str, Pair]:
    return {task: (c, b) for task, (b, c) in pairs.items()}


def decide(gate: Gate, train: dict[str, Pair], **more: Any) -> Decision:
    heldout = more.get("heldout", {})
    return gate.decide(Comparison(train=train, **{"rollouts": 2, "heldout_tasks": tuple(heldout), **more}))
