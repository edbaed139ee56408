"""The trace that a reader builds, and the parts of messages that many formats share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ahe.debug.readers import results
from ahe.debug.readers.lenient_json import (
    as_text,
    call_text,
    content_text,
    encodable,
    inner,
    listing,
    mapping,
    number,
    string,
)
from ahe.debug.readers.trace import Channel, Damage, Kind, Status, Step, StepSource, Text

_TASK = ("task_id", "task_name", "instance_id", "problem_id", "task")
_SCORE = ("resolved", "is_resolved", "success", "passed", "is_success", "reward", "score")
_NESTED = ("info", "metadata", "extra", "result", "evaluation", "eval", "scores")
_REASONING = ("reasoning_content", "reasoning", "thinking", "thought_summary")


@dataclass
class Draft:
    """Steps in the order of the recording, and the recording's metadata.

    `where` is the file, for damage without a more exact place. `names` and `calls` map the id of a call to the name of
    its tool and to its text. `setup` counts the first steps in which the agent was installed, and `started` says
    whether it could be started then.
    """

    where: str
    task: str = ""
    status: Status = "unknown"
    ended: str = ""
    seconds: float = 0.0
    tokens: int = 0
    names: dict[str, str] = field(default_factory=dict)
    calls: dict[str, str] = field(default_factory=dict)
    damage: list[Damage] = field(default_factory=list)
    setup: int = 0
    started: bool = True
    _steps: list[tuple[StepSource, list[Text], str]] = field(default_factory=list)
    _alone: int = -1

    def add(self, source: StepSource, texts: Iterable[Text], time: Any = "", alone: bool = False) -> None:
        """Add a step, even an empty one. With `alone`, `join` does not extend it."""
        self._alone = self.count if alone else self._alone
        when = time if isinstance(time, str) else repr(time) if isinstance(time, int | float) else ""
        self._steps.append((source, list(texts), encodable(when)))

    def add_message(self, source: StepSource, texts: list[Text], time: Any = "") -> None:
        """Add a step, with an empty message if the recorded turn has no text."""
        self.add(source, texts or [Text("message", "")], time)

    def add_text(
        self, source: StepSource, channel: Channel, text: str, time: Any = "", name: str = ""
    ) -> None:
        """Add a step of one text; nothing if the text is empty."""
        if text:
            self.add(source, (Text(channel, text, name),), time)

    def join(self, source: StepSource, texts: Iterable[Text], time: Any = "") -> None:
        """Add texts to the last step if it has this source, else a new step."""
        if self._steps and self._steps[-1][0] == source and self._alone != self.count - 1:
            self._steps[-1][1].extend(texts)
        else:
            self.add(source, texts, time)

    def attach(self, index: int, text: Text) -> None:
        """Add a text to step `index`, counted from 0, or to the nearest existing step."""
        if self._steps:
            self._steps[max(0, min(index, len(self._steps) - 1))][1].append(text)
        else:
            self.add("environment", (text,))

    def remove(self, indices: Iterable[int]) -> None:
        """Remove steps by index from 0; agent steps before and after a removed one are joined."""
        gone = set(indices)
        kept: list[tuple[StepSource, list[Text], str]] = []
        for index, step in enumerate(self._steps):
            if index in gone:
                continue
            if index - 1 in gone and kept and kept[-1][0] == step[0] == "agent":
                kept[-1][1].extend(step[1])
            else:
                kept.append(step)
        self._steps = kept

    def add_damage(self, what: str, where: str = "") -> None:
        """Report a part that could not be read."""
        self.damage.append(Damage(where or self.where, what))

    def keep_unreadable(self, what: str, value: Any, time: Any = "") -> None:
        """Report that `what` should be a record but is `value`, and keep its text as a message."""
        self.add_damage(f"{what} is not a record but {type(value).__name__}")
        self.add_text("environment", "message", as_text(value), time)

    def records(self, lines: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The lines that are records, each with its place; other lines are reported as damage."""
        for where, record in lines:
            if isinstance(record, dict):
                yield where, record
            else:
                self.add_damage(f"a line is not a record but {type(record).__name__}", where)

    def read_metadata(self, value: Any) -> None:
        """Take task, score and exit status from a document, at its top or one level below."""
        for place in (mapping(value), *(inner(value, key) for key in _NESTED)):
            named = (string(place.get(key)).strip() for key in _TASK)
            self.task = self.task or next(filter(None, named), "")
            if self.status == "unknown":
                self.status = verdict(place)
            self.ended = self.ended or string(place.get("exit_status"))

    @property
    def agent_acted(self) -> bool:
        """Whether the agent has had a turn."""
        return any(source == "agent" for source, _, _ in self._steps)

    @property
    def count(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps, each with its phase, and with the kinds of texts that follow from where they stand."""
        found, acted, asked = [], False, False
        for index, (source, texts, time) in enumerate(self._steps, start=1):
            acted = acted or (source == "agent" and index > self.setup)
            spoken = source == "user" and any(
                text.channel == "message" and text.text.strip() for text in texts
            )
            before = index <= self.setup or not (acted or source == "user")
            kind: Kind = "setup" if index <= self.setup else "instructions" if source == "system" else ""
            found.append(
                Step(
                    index,
                    "environment" if index <= self.setup and source == "agent" else source,
                    tuple(_placed(text, kind) for text in texts),
                    time,
                    "setup" if before else "agent",
                    correction=spoken and acted and asked,
                )
            )
            asked = asked or spoken
        return tuple(found)

    @property
    def last_call(self) -> str:
        """The text of the last call among the last two steps."""
        recent = (text for _, texts, _ in self._steps[:-3:-1] for text in reversed(texts))
        return next((text.text for text in recent if text.channel == "call"), "")

    @property
    def last(self) -> list[Text]:
        """The texts of the last step."""
        return self._steps[-1][1] if self._steps else []

    @property
    def first_request(self) -> tuple[int, str]:
        """The first message of a user with the index of its step; -1 and an empty string if there is none."""
        for index, (source, texts, _) in enumerate(self._steps):
            said = "\n".join(text.text for text in texts if text.channel == "message")
            if source == "user" and said.strip():
                return index, said
        return -1, ""

    def call(self, id: Any, name: str, arguments: Any) -> Text:
        """The text of a call. The tool's name is kept for the result with the same id."""
        self.names[string(id)], self.calls[string(id)] = name, call_text(arguments)
        return Text("call", self.calls[string(id)], name)

    def result(
        self, id: Any, text: str, name: str = "", code: Any = None, failed: bool | None = None
    ) -> Text:
        """The text of a result; `id` is that of its call, `name` the tool's if the call is unknown."""
        key = string(id)
        call = self.calls.get(key, "") if key else self.last_call
        return results.result(text, self.names.get(key, "") or name, call, code, failed)

    def content(self, value: Any, channel: Channel = "message") -> list[Text]:
        """The texts of a message's content: OpenAI's parts and Anthropic's blocks, possibly mixed."""
        if isinstance(value, list):
            return [text for part in value for text in self._part(part, channel)]
        text = as_text(value)
        return [Text(channel, text)] if text else []

    def _part(self, part: Any, channel: Channel) -> list[Text]:
        kind = string(mapping(part).get("type"))
        if kind in ("thinking", "reasoning", "redacted_thinking"):
            text = string(part.get("thinking")) or content_text(part.get("text"))
            return [Text("reasoning", text or content_text(part.get("summary")) or "[redacted reasoning]")]
        if kind.endswith("tool_use"):
            return [self.call(part.get("id"), string(part.get("name")), part.get("input"))]
        if kind.endswith("tool_result"):
            failed = part["is_error"] if isinstance(part.get("is_error"), bool) else None
            return [self.result(part.get("tool_use_id"), content_text(part.get("content")), failed=failed)]
        text = content_text([part])
        return [Text(channel, text)] if text else []


def reasoning(message: dict[str, Any]) -> list[Text]:
    """A message's reasoning, under any name that endpoints use; equal texts only once."""
    found = dict.fromkeys(filter(None, (content_text(message.get(key)) for key in _REASONING)))
    if not found:
        parts = listing(message.get("reasoning_details")) or listing(message.get("thinking_blocks"))
        return [Text("reasoning", text) for text in map(_thought, parts) if text]
    return [Text("reasoning", text) for text in found]


def _thought(part: Any) -> str:
    return next(filter(None, (string(mapping(part).get(key)) for key in ("text", "summary", "thinking"))), "")


def _placed(text: Text, kind: Kind) -> Text:
    """The text with the kind that its step gives it, if it has none of its own."""
    kind = "system" if text.channel == "injected" and kind != "setup" else kind
    own = kind != "setup" and text.kind
    return (
        text
        if own or not kind or (kind == "instructions" and text.channel == "error")
        else replace(text, kind=kind)
    )


def injected(texts: Iterable[Text], openings: tuple[str, ...] = ("",)) -> list[Text]:
    """The texts; messages that begin with one of `openings` become injected texts."""
    return [
        Text("injected", text.text)
        if text.channel == "message" and text.text.lstrip().startswith(openings)
        else text
        for text in texts
    ]


def verdict(value: Any) -> Status:
    """The verdict of a reward, or of a record with a field such as `resolved` or `reward`; 1 and true pass."""
    if isinstance(value, bool):
        return "unknown"  # true and false count only in a field whose name says what they mean
    for score in (value.get(key) for key in _SCORE) if isinstance(value, dict) else (value,):
        if isinstance(score, int | float):
            return "passed" if score is True or number(score) >= 1 else "failed"
    return "unknown"
