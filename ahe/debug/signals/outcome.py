"""What is kept of a rollout and of a task after their traces were read: small, picklable, ordered."""

from dataclasses import dataclass
from typing import Literal

from ahe.debug.readers.trace import Damage, Status
from ahe.debug.verifiers.failure import Failure
from ahe.records import Citation, Signature


@dataclass(frozen=True, slots=True)
class Finding:
    """An act that decided something: `why` it is shown, the command `ran`, and a line of what it printed.

    Citations name the trial by its label. `citation` is the line; the command itself if it printed nothing. `ran` is
    None if no command printed it. `context` are the lines around it.
    """

    citation: Citation
    context: str = ""
    ran: Citation | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Rollout:
    """One rollout. Only those that did not pass have a `signature`, `said` and `findings`.

    `said` are the first of `failed_tests` failures in the verifier's own words, `verdict` is their first decisive line,
    `output` the end of what the verifier printed. `findings` stand in the order of steps, `chief` is the number of the
    one to look at first. `asked` cites the beginning of the instruction, `last` the agent's last call, `ending` the
    lines that show how it ended. `notes` are sentences about an unscored rollout. `partial` is the reward of a failed
    rollout, if it is above 0.
    """

    trial: str
    label: str
    status: Status
    ended: str
    turns: int
    tokens: int
    seconds: float
    signature: Signature | None = None
    verdict: str = ""
    said: tuple[Failure, ...] = ()
    failed_tests: int = 0
    output: str = ""
    findings: tuple[Finding, ...] = ()
    chief: int = 0
    asked: Citation | None = None
    last: Citation | None = None
    ending: tuple[Citation, ...] = ()
    calls: int = 0
    notes: tuple[str, ...] = ()
    damage: tuple[Damage, ...] = ()
    partial: float = 0.0

    @property
    def best(self) -> Citation | None:
        """Where to look first."""
        if self.ending:
            return self.ending[0]
        return self.findings[self.chief].citation if self.findings else self.last


Divergence = tuple[tuple[Literal["failing", "passing"], Citation], ...]
"""The first difference in what a failing and a passing rollout changed, without a side that changed nothing."""


@dataclass(frozen=True, slots=True)
class TaskOutcome:
    """All rollouts of a task, by attempt. `divergence` if some passed, some failed, and their changes differ."""

    task: str
    rollouts: tuple[Rollout, ...]
    divergence: Divergence = ()

    @property
    def passes(self) -> int:
        return sum(rollout.status == "passed" for rollout in self.rollouts)

    @property
    def partial(self) -> float:
        """Sum of the rewards of rollouts that did not pass."""
        return sum(rollout.partial for rollout in self.rollouts)

    @property
    def mean(self) -> float:
        """Mean reward of the scored rollouts."""
        return (self.passes + self.partial) / max(1, self.scored)

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
