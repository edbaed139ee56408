"""What the debugger passes to the editor, and the change that the editor makes."""

from collections.abc import Collection
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
    """The manifest of one commit on the harness. `play` is the play that it comes from, `<name>@<digest>`; `source` the
    document, `<path> sha256:<digest>`."""

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
    source: str = ""


class Signature(Record):
    """The kind of failure of a trial, in a controlled vocabulary with `unknown`."""

    cause: str
    status: str
    mechanism: str

    def __str__(self) -> str:
        return f"{self.cause} / {self.status} / {self.mechanism}"


class Cluster(Record):
    """Failed trials with equal signatures. `layer` is where they began, in a report by layers (`signals.layers`)."""

    signature: Signature
    trials: tuple[str, ...]
    tasks: tuple[str, ...]
    layer: str = ""


PRUNE = "prune"
"""What `Ahe-Strategy` says of an enumerated removal, whatever the run's strategy is."""

EvidenceLevel = Literal["scores", "report", "report+raw", "candidates"]
"""What an editor gets: only pass rates, the debug report, also the raw traces, or also all earlier candidates."""


class EarlierCandidate(Record):
    """A harness that was measured before: its folder, its trials on train, and the verdict on it in a line.

    `name` is that of its change, `seed` for the first.
    """

    name: str
    said: str
    root: str
    trials: tuple[Trial, ...] = ()


class Evidence(Record):
    """What a debugger gets: the trials of one evaluation on train, and the record so far.

    The report is written to `folder`; `budget` is in tokens; `iteration` is 0 outside of a run. `traces` holds the
    trials' folders; `history` has one line for each change that was decided, newest first. `before` are the trials of
    the harness before the last kept change; `heldout` is a tally that names no task. `earlier` are the candidates so
    far, oldest first, at the level that shows them.
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
    earlier: tuple[EarlierCandidate, ...] = ()


class DebugReport(Record):
    """A debug report. `citations` are passages worth quoting, most important first.

    `level` is what an editor may get of it; `residual` are failed trials that no edit may answer; `notes` say what the
    debugger's model was not asked or did not answer.
    """

    text: str
    tokens: int
    clusters: tuple[Cluster, ...]
    citations: tuple[Citation, ...]
    folder: str
    level: EvidenceLevel = "report+raw"
    residual: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Surfaces(Record):
    """What an edit may touch: `kinds` (empty: all seven), and how many of them in one commit (`most`, 0: all of them).

    A tool's description and its implementation are one surface: neither can be added alone.
    """

    kinds: tuple[Kind, ...] = ()
    most: int = 0

    def refusals(self, touched: Collection[Kind]) -> list[str]:
        """Why an edit of these kinds is refused, one reason each; none where it is allowed."""
        found = []
        if self.kinds and (others := sorted(set(touched) - set(self.kinds))):
            found.append(
                f"{', '.join(others)}: in this run an edit may touch {', '.join(self.kinds)} only [surface]"
            )
        tool = {Kind.TOOL_DESCRIPTION, Kind.TOOL_IMPLEMENTATION}
        count = len(touched) - (tool <= set(touched))
        if self.most and count > self.most:
            many = f"{', '.join(sorted(touched))}: {count} kinds of component in one edit"
            found.append(f"{many}; in this run one edit touches {self.most} at most [surface]")
        return found

    def __str__(self) -> str:
        """The limits in a sentence; empty without any."""
        said = [f"touch {', '.join(self.kinds)} only"] if self.kinds else []
        said += (
            [f"touch {self.most} kind{'s' if self.most > 1 else ''} of component at most"]
            if self.most
            else []
        )
        return f"In this run an edit may {' and '.join(said)}." if said else ""


ALL_SURFACES = Surfaces()


class Brief(Record):
    """What an editor gets. `changes` is how many commits it may make, `surfaces` what each may touch.

    If an iteration has several variants, this one has the number `variant`, from 1; `others` are the subjects of the
    commits of the earlier ones, which it must not repeat, and `taken` their plays and messages.
    """

    iteration: int
    head: str
    report: DebugReport
    evidence: Evidence
    history: tuple[str, ...]
    changes: int
    surfaces: Surfaces = ALL_SURFACES
    variant: int = 1
    others: tuple[str, ...] = ()
    taken: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The iteration, and the variant after the first: `003`, `003-2`."""
        return f"{self.iteration:03d}" + (f"-{self.variant}" if self.variant > 1 else "")
