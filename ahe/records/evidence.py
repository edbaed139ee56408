"""What the debugger makes of an evaluation, and what an editor gets."""

from __future__ import annotations

from ahe.records.base import Record
from ahe.records.changes import Citation
from ahe.records.trials import Trial


class Signature(Record):
    """What kind of failure a trial is, in a controlled vocabulary with `unknown`."""

    cause: str
    status: str
    mechanism: str

    def __str__(self) -> str:
        return f"{self.cause} / {self.status} / {self.mechanism}"


class Cluster(Record):
    """Failed trials with equal signatures, ranked by how many there are."""

    signature: Signature
    trials: tuple[str, ...]
    tasks: tuple[str, ...]


class Evidence(Record):
    """What a debugger gets: the trials of one evaluation on train, and the record so far.

    `folder` (of this iteration) takes the report; `traces` is where the trials' folders lie; `history`
    has one line for each change that was decided, newest first; `budget` is in tokens.
    """

    iteration: int
    harness: str
    trials: tuple[Trial, ...]
    instructions: dict[str, str]
    history: tuple[str, ...]
    folder: str
    traces: str
    budget: int


class DebugReport(Record):
    """A debug report. `citations` are places worth quoting, most telling first."""

    text: str
    tokens: int
    clusters: tuple[Cluster, ...]
    citations: tuple[Citation, ...]
    folder: str


class Brief(Record):
    """What an editor gets. `changes` is how many commits it may make."""

    iteration: int
    head: str
    report: DebugReport
    evidence: Evidence
    history: tuple[str, ...]
    changes: int
