"""A trace as the debugger sees it, whatever tool wrote it. Plain dataclasses: there are hundreds of thousands."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Channel = Literal["message", "reasoning", "call", "result", "error", "injected"]
Status = Literal["passed", "failed", "missing", "unknown"]
StepSource = Literal["system", "user", "agent", "environment"]
Phase = Literal["setup", "agent", "verifier"]

LABEL = 8
_HEX = frozenset("0123456789abcdef")
API_ERROR = "api_error"
"""The name of an error that the tool records as the failure of a call of the model."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text of a step. `name` is the tool's name for a call or a result, else empty.

    Channel `error` is a failure of the tool itself (not a command's output); `injected` is text that a harness or
    host added to the conversation (reminders, limits, summaries). `code` is the exit code of a result's command if the
    tool names it, and `failed` whether the call failed (None: unknown, or not the result of a call).
    """

    channel: Channel
    text: str
    name: str = ""
    code: int | None = None
    failed: bool | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `id` counts from 1 within a trace; `source` is system, user, agent or environment.

    `phase` is `setup` before the agent's first action (except what the user says), `verifier` where tests are run.
    `correction` marks what a user says after the agent has acted.
    """

    id: int
    source: StepSource
    texts: tuple[Text, ...]
    time: str = ""
    phase: Phase = "agent"
    correction: bool = False

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

    `id` is the trial's id, or for a foreign trace its path below the given folder, without the suffix. `ended` is how
    the agent ended in the tool's own word: the trial's `ended`, an exit status, a failure mode, the type of an
    exception; or empty. `started` is False where the recording shows that the agent was never started, `tools` where it
    shows that the agent was offered none. `status` is `unknown` if nothing scored the rollout; `partial` is a reward
    between 0 and 1, else 0. `format` names the reader. `seconds` and `tokens` are 0 if unknown.
    """

    id: str
    task: str
    steps: tuple[Step, ...] = ()
    attempt: int = 0
    status: Status = "unknown"
    ended: str = ""
    verifier: tuple[VerifierFile, ...] = ()
    seconds: float = 0.0
    tokens: int = 0
    format: str = ""
    damage: tuple[Damage, ...] = ()
    started: bool = True
    tools: bool = True
    partial: float = 0.0


def labels(ids: Iterable[str]) -> dict[str, str]:
    """A short unique name for each trace: the first `LABEL` characters of a hash, else the whole id.

    The order of the ids does not matter.
    """
    short = {
        name: name[:LABEL] if len(name) >= 16 and _HEX.issuperset(name) else name for name in sorted(set(ids))
    }
    counts = Counter(short.values())
    return {name: label if counts[label] == 1 else name for name, label in short.items()}


def full_ids(names: Iterable[str]) -> Mapping[str, str]:
    """Maps labels of trials to ids, and each id to itself."""
    short = labels(names)
    return {**{label: name for name, label in short.items()}, **{name: name for name in short}}
