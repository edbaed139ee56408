"""What the debugger passes to the editor, and the change that the editor makes."""

from typing import Literal

from pydantic import Field

from ahe.records.conversation import Kind, Record
from ahe.records.gate import Tally
from ahe.records.trials import Trial
from ahe.text import CUT


class Citation(Record):
    """`trial#step` with a quote that the step must contain."""

    trial: str
    step: int
    quote: str

    def __str__(self) -> str:
        return f"{self.trial}#{self.step}"

    @property
    def words(self) -> str:
        """The quote as it is looked up: with single spaces, and without the mark of a cut at its end."""
        return " ".join(self.quote.split()).removesuffix(CUT).rstrip()


class Change(Record):
    """The manifest of one commit on the harness. `play` is the play that it comes from, `<name>@<digest>`."""

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
    play: str = ""


class Signature(Record):
    """The kind of failure of a trial, in a controlled vocabulary with `unknown`."""

    cause: str
    status: str
    mechanism: str

    def __str__(self) -> str:
        return f"{self.cause} / {self.status} / {self.mechanism}"


class Cluster(Record):
    """Failed trials with equal signatures."""

    signature: Signature
    trials: tuple[str, ...]
    tasks: tuple[str, ...]


EvidenceLevel = Literal["scores", "report", "report+raw"]
"""What an editor gets: only pass rates, the debug report, or the report with the raw traces."""


class Evidence(Record):
    """What a debugger gets: the trials of one evaluation on train, and the record so far.

    The report is written to `folder`; `budget` is in tokens; `iteration` is 0 outside of a run. `traces` holds the
    trials' folders; `history` has one line for each change that was decided, newest first. `before` are the trials of
    the harness before the last kept change; `heldout` is a tally that names no task.
    """

    folder: str
    budget: int
    iteration: int = 0
    harness: str = ""
    trials: tuple[Trial, ...] = ()
    instructions: dict[str, str] = Field(default_factory=dict)
    history: tuple[str, ...] = ()
    traces: str = ""
    before: tuple[Trial, ...] = ()
    heldout: Tally | None = None


class DebugReport(Record):
    """A debug report. `citations` are passages worth quoting, most important first.

    `level` is what an editor may get of it; `notes` say what the debugger's model was not asked or did not answer.
    """

    text: str
    tokens: int
    clusters: tuple[Cluster, ...]
    citations: tuple[Citation, ...]
    folder: str
    level: EvidenceLevel = "report+raw"
    notes: tuple[str, ...] = ()


class Brief(Record):
    """What an editor gets. `changes` is how many commits it may make.

    If an iteration has several variants, this one has the number `variant`, from 1; `others` are the subjects of the
    commits of the earlier ones, which it must not repeat, and `taken` their plays.
    """

    iteration: int
    head: str
    report: DebugReport
    evidence: Evidence
    history: tuple[str, ...]
    changes: int
    variant: int = 1
    others: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The iteration, and the variant after the first: `003`, `003-2`."""
        return f"{self.iteration:03d}" + (f"-{self.variant}" if self.variant > 1 else "")
