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


class Ceiling(Record):
    """What comparing one candidate on train may cost; 0: no limit."""

    rollouts: int = 0
    tokens: int = 0
    usd: float = 0.0


class Comparison(Record):
    """What a gate sees: for each task the incumbent's and the candidate's tallies.

    `rollouts` is k, the plain number of attempts a task; `concentration` is α+β of the prior, fitted to earlier
    rollouts; `tokens` are those of a trial in the mean, by arm; `grown` is by how many tokens the prompt grew;
    `spent`, `spent_tokens` and `spent_usd` are what was run for this comparison so far;
    `candidate` names the harness under test: what is drawn at random is drawn from it, so that a killed
    comparison goes on with the same tasks.
    """

    train: dict[str, tuple[Tally, Tally]]
    heldout: dict[str, tuple[Tally, Tally]] = Field(default_factory=dict)
    heldout_tasks: tuple[str, ...] = ()
    rollouts: int = 2
    spent: int = 0
    spent_tokens: int = 0
    spent_usd: float = 0.0
    predicts: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    concentration: float = 1.0
    tokens: tuple[float, float] | None = None
    grown: int = 0
    candidate: str = ""


class RolloutRequest(Record):
    """More rollouts that a gate wants before it decides: bring the task up to `n` attempts of the arm."""

    task: str
    arm: Literal["incumbent", "candidate"]
    n: int


class Decision(Record):
    """A gate's answer: an outcome with its numbers, or what it wants measured first."""

    outcome: Literal["kept", "reverted", "undecided", "more"]
    reason: str
    asks: tuple[RolloutRequest, ...] = ()
    score: float | None = None
    delta: Interval | None = None
    raw_delta: float | None = None
    heldout_delta: float | None = None
