"""The trace that a reader builds, and the parts of messages that many formats share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
    words,
)
from ahe.debug.readers.trace import Channel, Damage, Kind, Status, Step, StepSource, Text, VerifierFile

_TASK = words("task_id task_name instance_id problem_id task")
_SCORE = words("resolved is_resolved success passed is_success reward score")
_NESTED = words("info metadata extra result evaluation eval scores report test_result")
_REASONING = words("reasoning_content reasoning thinking thought_summary")
_CALL_ID = words("id toolCallId tool_call_id call_id tool_use_id callID")
_ARGUMENTS = words("input arguments args parameters")


@dataclass
class _Open:
    """A step that may still grow."""

    source: StepSource
    texts: list[Text]
    time: str
    tokens: int = 0


@dataclass
class Draft:
    """Steps in the order of the recording, and the recording's metadata.

    `where` is the file, for damage without a more exact place. `names` and `calls` map the id of a call to the name of
    its tool and to its text. `session` is the id that copies of the recording share. `setup` counts the first steps in
    which the agent was installed, `started` says whether it could be started then, and `tests` is the index of the
    first step in which tests run (0: none). `verifier` holds what the recording itself says of its score.
    """

    where: str
    task: str = ""
    status: Status = "unknown"
    ended: str = ""
    cause: str = ""
    session: str = ""
    seconds: float = 0.0
    tokens: int = 0
    names: dict[str, str] = field(default_factory=dict)
    calls: dict[str, str] = field(default_factory=dict)
    damage: list[Damage] = field(default_factory=list)
    verifier: list[VerifierFile] = field(default_factory=list)
    setup: int = 0
    tests: int = 0
    started: bool = True
    _steps: list[_Open] = field(default_factory=list)

    def add(self, source: StepSource, texts: Iterable[Text], time: Any = "", tokens: int = 0) -> None:
        """Add a step, even an empty one."""
        when = time if isinstance(time, str) else repr(time) if isinstance(time, int | float) else ""
        self._steps.append(_Open(source, list(texts), encodable(when), tokens))

    def add_message(self, source: StepSource, texts: list[Text], time: Any = "", tokens: int = 0) -> None:
        """Add a step, with an empty message if the recorded turn has no text."""
        self.add(source, texts or [Text("message", "")], time, tokens=tokens)

    def add_text(
        self, source: StepSource, channel: Channel, text: str, time: Any = "", name: str = ""
    ) -> None:
        """Add a step of one text; nothing if the text is empty."""
        if text:
            self.add(source, (Text(channel, text, name),), time)

    def join(self, source: StepSource, texts: Iterable[Text], time: Any = "", tokens: int = 0) -> None:
        """Add texts to the last step if it has this source, else a new step."""
        if self._steps and self._steps[-1].source == source:
            self._steps[-1].texts.extend(texts)
            self._steps[-1].tokens += tokens
        else:
            self.add(source, texts, time, tokens=tokens)

    def attach(self, index: int, text: Text) -> None:
        """Add a text to step `index`, counted from 0, or to the nearest existing step."""
        if self._steps:
            self._steps[max(0, min(index, len(self._steps) - 1))].texts.append(text)
        else:
            self.add("environment", (text,))

    def roll_back(self, turns: int) -> None:
        """Remove the last `turns` messages of the user and everything after the first of them."""
        said = [n for n, step in enumerate(self._steps) if step.source == "user" and _spoken(step.texts)]
        if said and turns > 0:
            del self._steps[said[-min(turns, len(said))] :]

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
        return any(step.source == "agent" for step in self._steps)

    @property
    def count(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps, each with its phase, and with the kinds of texts that follow from where they stand."""
        found, acted, asked = [], False, False
        for number_, step in enumerate(self._steps, start=1):
            installing = number_ <= self.setup
            acted = acted or (step.source == "agent" and not installing)
            spoken = step.source == "user" and _spoken(step.texts)
            testing = 0 < self.tests < number_
            before = installing or not (acted or step.source == "user")
            kind: Kind = "setup" if installing else "instructions" if step.source == "system" else ""
            found.append(
                Step(
                    number_,
                    "environment" if step.source == "agent" and (installing or testing) else step.source,
                    tuple(_placed(text, kind) for text in step.texts),
                    step.time,
                    "verifier" if testing else "setup" if before else "agent",
                    correction=spoken and acted and asked,
                    tokens=step.tokens,
                )
            )
            asked = asked or spoken
        return tuple(found)

    @property
    def last_call(self) -> str:
        """The text of the last call among the last two steps."""
        recent = (text for step in self._steps[:-3:-1] for text in reversed(step.texts))
        return next((text.text for text in recent if text.channel == "call"), "")

    @property
    def last(self) -> list[Text]:
        """The texts of the last step."""
        return self._steps[-1].texts if self._steps else []

    @property
    def first_request(self) -> tuple[int, str, str]:
        """The first message of a user: the index of its step, the text and the time; -1 and "" if there is none."""
        for index, step in enumerate(self._steps):
            if step.source == "user" and _spoken(step.texts):
                said = "\n".join(text.text for text in step.texts if text.channel == "message")
                return index, said, step.time
        return -1, "", ""

    def call(self, id: Any, name: str, arguments: Any) -> Text:
        """The text of a call. The tool's name is kept for the result with the same id."""
        self.names[string(id)], self.calls[string(id)] = name, call_text(arguments)
        return Text("call", self.calls[string(id)], name)

    def result(self, id: Any, text: str, name: str = "", code: Any = None, failed: Any = None) -> Text:
        """The text of a result; `id` is that of its call, `name` the tool's if the call is unknown."""
        key = string(id)
        call = self.calls.get(key, "") if key else self.last_call
        said = failed if isinstance(failed, bool) else None
        return results.result(text, self.names.get(key, "") or name, call, code, said)

    def content(self, value: Any, channel: Channel = "message") -> list[Text]:
        """The texts of a message's content: the parts and blocks of all formats, possibly mixed."""
        if isinstance(value, list):
            return [text for part in value for text in self._part(part, channel)]
        text = as_text(value)
        return [Text(channel, text)] if text else []

    def _part(self, part: Any, channel: Channel) -> list[Text]:
        place = mapping(part)
        kind = string(place.get("type")).lower().replace("-", "_")
        if kind in ("thinking", "reasoning", "redacted_thinking") or place.get("thought") is True:
            said = (place.get(key) for key in ("thinking", "text", "summary", "reasoning"))
            text = next(filter(None, map(content_text, said)), "")
            return [Text("reasoning", text or "[redacted reasoning]")]
        if kind.endswith(("tool_use", "toolcall", "tool_call")) or "functionCall" in place:
            given = inner(place, "functionCall") or place
            name = string(given.get("name")) or string(given.get("toolName"))
            return [self.call(_first(given, _CALL_ID), name, _first(given, _ARGUMENTS))]
        if kind.endswith(("tool_result", "toolresult")):
            key = _first(place, _CALL_ID[1:])
            return [self.result(key, content_text(place.get("content")), failed=place.get("is_error"))]
        if "functionResponse" in place:
            given = inner(place, "functionResponse")
            response = given.get("response")
            error = mapping(response).get("error")
            text = as_text(error or mapping(response).get("output", response))
            return [self.result(given.get("id"), text, string(given.get("name")), failed=bool(error) or None)]
        text = content_text([part])
        return [Text(channel, text)] if text else []


def _first(place: dict[str, Any], keys: Iterable[str]) -> Any:
    return next((place[key] for key in keys if key in place), None)


def _spoken(texts: list[Text]) -> bool:
    return any(text.channel == "message" and text.text.strip() for text in texts)


def _placed(text: Text, kind: Kind) -> Text:
    """The text with the kind that its step gives it, if it has none of its own."""
    kind = "system" if text.channel == "injected" and kind != "setup" else kind
    own = kind != "setup" and text.kind
    return text if own or not kind or text.channel == "error" else replace(text, kind=kind)


def reasoning(message: dict[str, Any]) -> list[Text]:
    """A message's reasoning, under any name that endpoints use; equal texts only once."""
    found = dict.fromkeys(filter(None, (content_text(message.get(key)) for key in _REASONING)))
    if not found:
        parts = listing(message.get("reasoning_details")) or listing(message.get("thinking_blocks"))
        said = (_first(mapping(part), ("text", "summary", "thinking")) for part in parts)
        found = dict.fromkeys(filter(None, map(string, said)))
    return [Text("reasoning", text) for text in found]


def injected(texts: Iterable[Text], openings: tuple[str, ...] = ("",)) -> list[Text]:
    """The texts; messages that begin with one of `openings` become injected texts."""
    return [
        Text("injected", text.text)
        if text.channel == "message" and text.text.lstrip().startswith(openings)
        else text
        for text in texts
    ]


def abandoned(records: list[dict[str, Any]], key: str, parent: str, turn: Callable[[Any], bool]) -> set[str]:
    """Ids of the records in abandoned branches of a session that is a tree.

    Of the records below the same parent for which `turn` holds, only the one that leads to the last record of the
    file is active, else the last one; the others and everything below them were left when the user went back.
    """
    above = {string(each[key]): string(each.get(parent)) for each in records if string(each.get(key))}
    path: set[str] = set()
    at = string(records[-1].get(key)) if records else ""
    while at and at not in path:
        path.add(at)
        at = above.get(at, "")
    siblings: dict[str, list[str]] = {}
    for each in records:
        if string(each.get(key)) and parent in each and turn(each):
            siblings.setdefault(string(each.get(parent)), []).append(string(each[key]))
    left: set[str] = set()
    for group in siblings.values():
        kept = next((each for each in group if each in path), group[-1])
        left.update(each for each in group if each != kept)
    for each in records:  # a record follows its parent in the file
        if above.get(string(each.get(key)), "") in left:
            left.add(string(each.get(key)))
    return left


def verdict(value: Any) -> Status:
    """The verdict of a reward, or of a record with a field such as `resolved` or `reward`; 1 and true pass."""
    if isinstance(value, bool):
        return "unknown"  # true and false count only in a field whose name says what they mean
    for score in (value.get(key) for key in _SCORE) if isinstance(value, dict) else (value,):
        if isinstance(score, int | float):
            return "passed" if score is True or number(score) >= 1 else "failed"
    return "unknown"
