"""Changes to the harness and the verdicts on them."""

from __future__ import annotations

from typing import Literal

from ahe.records.base import Kind, Record
from ahe.records.models import Usage
from ahe.records.observed import Observed, PredictionScore

CUT = "…"
"""Stands at the end of a quote whose text goes on."""


class Citation(Record):
    """`trial#step` with the quoted text that must stand there."""

    trial: str
    step: int
    quote: str

    def __str__(self) -> str:
        return f"{self.trial}#{self.step}"

    @property
    def words(self) -> str:
        """The quote as it is looked up: space does not count, nor an ellipsis at its end, the mark of a cut."""
        return " ".join(self.quote.split()).removesuffix(CUT).rstrip()


class Change(Record):
    """The manifest of one commit on the harness."""

    id: str
    kinds: tuple[Kind, ...]
    action: Literal["add", "improve", "remove"]
    subject: str
    evidence: str
    root_cause: str
    fix: str
    predicts: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    evolver: str = ""
    strategy: str = ""


class Interval(Record):
    """A posterior mean with its 90 % interval, as differences of pass rates in [-1, 1]."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{100 * self.mean:+.1f} points [{100 * self.low:+.1f}, {100 * self.high:+.1f}]"


class Verdict(Record):
    """What was decided about a commit, with the numbers behind it; written as a git note.

    `unchanged`: the harness is the very same as before, so there was nothing to keep and nothing to revert.
    `tasks` are the train tasks that any arm has tried; `fixes` and `regressions` say what the change's own
    predictions were worth. `harnesses` are the ids, incumbent's and candidate's, under which their trials stand in the
    store. `apart` holds two harness ids, without the change and with it, where leaving it out
    told it apart: then `tasks` and the deltas rest on fresh rollouts of those two, on the disputed tasks alone.
    """

    outcome: Literal["kept", "reverted", "undecided", "unchanged"]
    reason: str
    decided_by: Literal["gate", "person"] = "gate"
    gate: str = ""
    incumbent: str = ""
    candidate: str = ""
    score: float | None = None
    delta: Interval | None = None
    raw_delta: float | None = None
    incumbent_rate: float | None = None
    candidate_rate: float | None = None
    heldout_delta: float | None = None
    rollouts: int = 0
    missing: int = 0
    usage: Usage = Usage()
    predicted: tuple[str, ...] = ()
    observed_up: tuple[str, ...] = ()
    observed_down: tuple[str, ...] = ()
    tasks: tuple[Observed, ...] = ()
    harnesses: tuple[str, str] | None = None
    apart: tuple[str, str] | None = None
    fixes: PredictionScore | None = None
    regressions: PredictionScore | None = None

    @property
    def basis(self) -> Literal["selected", "fresh"]:
        """Whether its raw difference rests on rollouts that also chose (they flatter), or on fresh ones."""
        return "fresh" if self.apart else "selected"
