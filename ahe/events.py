"""Events of long work, sent to a `Watcher`. The views turn them into lines and bars."""

from dataclasses import dataclass

from ahe.records import Estimate, Trial, Usage, Verdict


@dataclass(frozen=True)
class Notice:
    """A line of text for people."""

    text: str


@dataclass(frozen=True)
class Estimated:
    """What a run is likely to cost, before it begins."""

    estimate: Estimate


@dataclass(frozen=True)
class EvaluationStarted:
    """`total` trials are wanted; `known` of them are in the store."""

    label: str
    total: int
    known: int


@dataclass(frozen=True)
class TrialStarted:
    task: str
    attempt: int


@dataclass(frozen=True)
class TrialFinished:
    trial: Trial


@dataclass(frozen=True)
class EvaluationFinished:
    label: str
    passed: int
    failed: int
    missing: int


@dataclass(frozen=True)
class Spent:
    """The run's total usage, after a model call."""

    usage: Usage


@dataclass(frozen=True)
class Committed:
    sha: str
    subject: str


@dataclass(frozen=True)
class Decided:
    sha: str
    subject: str
    verdict: Verdict


@dataclass(frozen=True)
class Downloading:
    name: str
    done: int
    total: int


Event = (
    Notice
    | Estimated
    | EvaluationStarted
    | TrialStarted
    | TrialFinished
    | EvaluationFinished
    | Spent
    | Committed
    | Decided
    | Downloading
)


class NullWatcher:
    """A watcher that shows nothing."""

    def emit(self, event: Event) -> None:
        """Ignore the event."""


QUIET = NullWatcher()
"""The watcher of whoever names none."""
