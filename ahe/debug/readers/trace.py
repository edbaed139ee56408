"""What a trace is to the debugger, whatever tool wrote it. Plain data: hundreds of thousands are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

Channel = Literal["message", "reasoning", "call", "result", "error", "injected"]
Status = Literal["passed", "failed", "missing", "unknown"]
StepSource = Literal["system", "user", "agent", "environment"]

LABEL = 8


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a step. `name` is the tool's for a call or a result, else empty.

    `error` is a tool's own failure (not what a command printed), `injected` what a harness or host put into
    the conversation (reminders, limits, summaries).
    """

    channel: Channel
    text: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `id` counts from 1 within a trace; `source` is system, user, agent or environment."""

    id: int
    source: StepSource
    texts: tuple[Text, ...]
    time: str = ""

    @property
    def raw(self) -> str:
        """The step's texts in order, one newline between. Byte ranges count in its UTF-8 (surrogateescape)."""
        return "\n".join(text.text for text in self.texts)


@dataclass(frozen=True, slots=True)
class Damage:
    """What could not be read: `where` is a file, with a line or byte range; `what` says why."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class VerifierFile:
    """A file that a verifier left, by its path below the verifier's folder, or `inline`."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Trace:
    """One rollout as it was recorded.

    `id` is the trial's, or for a foreign trace its path below the folder that was given, without the
    suffix. `ended` is a trial's `ended`, or what the foreign tool says (its own word), or empty. `status`
    is `unknown` where nothing scored the rollout. `format` names the reader. `seconds` and `tokens` are 0
    where unknown.
    """

    id: str
    task: str
    steps: tuple[Step, ...]
    attempt: int = 0
    status: Status = "unknown"
    ended: str = ""
    verifier: tuple[VerifierFile, ...] = ()
    seconds: float = 0.0
    tokens: int = 0
    format: str = ""
    path: str = ""
    damage: tuple[Damage, ...] = ()

    def with_steps(self, steps: Iterable[Step]) -> Trace:
        return replace(self, steps=tuple(steps))


def labels(ids: Iterable[str]) -> dict[str, str]:
    """A short unique name for each trace: its first characters where it is a hash, else its whole id.

    The same ids give the same labels in any order.
    """
    known = sorted(set(ids))
    short = {name: name[:LABEL] if _is_hash(name) else name for name in known}
    counts: dict[str, int] = {}
    for label in short.values():
        counts[label] = counts.get(label, 0) + 1
    return {name: label if counts[label] == 1 else name for name, label in short.items()}


def full_ids(names: Iterable[str]) -> Mapping[str, str]:
    """The label of each trial → its id; an id stands for itself."""
    short = labels(names)
    return {**{label: name for name, label in short.items()}, **{name: name for name in short}}


def _is_hash(name: str) -> bool:
    return len(name) >= 16 and all(c in "0123456789abcdef" for c in name)
