"""A trace as the debugger sees it, whatever tool wrote it. Plain dataclasses: there are hundreds of thousands."""

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
    """One text of a step. `name` is the tool's name for a call or a result, else empty.

    Channel `error` is a failure of the tool itself (not a command's output); `injected` is text that a harness or
    host added to the conversation (reminders, limits, summaries).
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
        """The step's texts joined by newlines. Byte ranges refer to its UTF-8 encoding (surrogateescape)."""
        return "\n".join(text.text for text in self.texts)


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that could not be read: `where` is a file with a line or byte range, `what` says why."""

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

    `id` is the trial's id, or for a foreign trace its path below the given folder, without the suffix. `ended` is the
    trial's `ended`, or the foreign tool's own word, or empty. `status` is `unknown` if nothing scored the rollout.
    `format` names the reader. `seconds` and `tokens` are 0 if unknown.
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
    """A short unique name for each trace: the first `LABEL` characters of a hash, else the whole id.

    The order of the ids does not matter.
    """
    known = sorted(set(ids))
    short = {name: name[:LABEL] if _is_hash(name) else name for name in known}
    counts: dict[str, int] = {}
    for label in short.values():
        counts[label] = counts.get(label, 0) + 1
    return {name: label if counts[label] == 1 else name for name, label in short.items()}


def full_ids(names: Iterable[str]) -> Mapping[str, str]:
    """Maps labels of trials to ids, and each id to itself."""
    short = labels(names)
    return {**{label: name for name, label in short.items()}, **{name: name for name in short}}


def _is_hash(name: str) -> bool:
    return len(name) >= 16 and all(c in "0123456789abcdef" for c in name)
