"""The gate's question and answer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ahe.records.base import Record
from ahe.records.changes import Interval


class Tally(Record):
    """Rollouts of one task: passes of n scored trials, and how many are missing."""

    passes: int = 0
    n: int = 0
    missing: int = 0

    @property
    def rate(self) -> float | None:
        return self.passes / self.n if self.n else None


class Comparison(Record):
    """What a gate sees: for each task the incumbent's and the candidate's tallies."""

    train: dict[str, tuple[Tally, Tally]]
    heldout: dict[str, tuple[Tally, Tally]] = Field(default_factory=dict)
    heldout_tasks: tuple[str, ...] = ()
    rollouts: int = 2
    spent: int = 0
    predicts: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()


class Ask(Record):
    """More rollouts that a gate wants before it decides: bring each task up to `n` scored trials."""

    task: str
    arm: Literal["incumbent", "candidate"]
    n: int


class Decision(Record):
    """A gate's answer: an outcome with its numbers, or what it wants measured first."""

    outcome: Literal["kept", "reverted", "undecided", "more"]
    reason: str
    asks: tuple[Ask, ...] = ()
    score: float | None = None
    delta: Interval | None = None
    raw_delta: float | None = None
    heldout_delta: float | None = None
