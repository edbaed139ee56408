"""What is kept of a rollout and of a task after their traces were read: small, picklable, ordered."""

from __future__ import annotations

from dataclasses import dataclass

from ahe.debug.readers.trace import Damage, Status
from ahe.records import Citation, Signature


@dataclass(frozen=True, slots=True)
class Finding:
    """A line that may explain the failure, with the lines around it. `citation` names the trial by its label.

    `ran` is the command that printed the line; None if no command did.
    """

    citation: Citation
    context: str
    score: float
    ran: Citation | None = None


@dataclass(frozen=True, slots=True)
class Rollout:
    """One rollout. Only failed ones have a `signature` and `findings`; `verdict` is the verifier's decisive line.

    `calls` counts the agent's calls. `asked` cites the beginning of the instruction, `last` the agent's last action.
    """

    trial: str
    label: str
    attempt: int
    status: Status
    ended: str
    turns: int
    tokens: int
    seconds: float
    signature: Signature | None = None
    verdict: str = ""
    findings: tuple[Finding, ...] = ()
    asked: Citation | None = None
    last: Citation | None = None
    calls: int = 0
    damage: tuple[Damage, ...] = ()


@dataclass(frozen=True, slots=True)
class Divergence:
    """The first action in which a failing rollout differs from a passing one; both actions are quoted."""

    failing: Citation
    passing: Citation


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """All rollouts of a task, by attempt. `divergence` only if some passed and some failed."""

    task: str
    rollouts: tuple[Rollout, ...]
    divergence: Divergence | None = None

    @property
    def passes(self) -> int:
        return sum(rollout.status == "passed" for rollout in self.rollouts)

    @property
    def scored(self) -> int:
        return sum(rollout.status in ("passed", "failed") for rollout in self.rollouts)

    @property
    def state(self) -> str:
        """`all passed`, `all failed`, `partly passed`, `missing` or `not scored`."""
        if not self.scored:
            missing = any(rollout.status == "missing" for rollout in self.rollouts)
            return "missing" if missing else "not scored"
        if self.passes == self.scored:
            return "all passed"
        return "partly passed" if self.passes else "all failed"


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A step that a page may show: the label of its rollout, its id, its cleaned text."""

    label: str
    step: int
    text: str
