"""The trace that a reader builds, and the parts of messages that many formats share."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from ahe.debug.readers import lenient_json as j
from ahe.debug.readers import results
from ahe.debug.readers.trace import Channel, Damage, Phase, Status, Step, StepSource, Text, VerifierFile

_TASK = j.words("task_id task_name instance_id problem_id task")
_SCORE = j.words("resolved is_resolved success passed is_success reward score")
_NESTED = j.words("info metadata extra result evaluation eval scores report test_result")
_REASONING = j.words("reasoning_content reasoning thinking thought_summary")
_CALL_ID = j.words("id toolCallId tool_call_id call_id tool_use_id callID")
_ARGUMENTS = j.words("input arguments args parameters")
ANY = re.compile("")


@dataclass
class _Open:
    """A step that may still grow."""

    source: StepSource
    texts: list[Text]
    time: str


@dataclass
class Draft:
    """Steps in the order of the recording, and the recording's metadata.

    `where` is the file. `names` maps the id of a call to the name of its tool.
    `session` is the id that copies of the recording share, `parent` that of the session whose sub-agent this is.
    `setup` counts the first steps in which the agent was installed, `started` says whether it could be started then,
    `tools` whether it was offered any, and `tests` is the index of the first step in which tests run (0: none).
    `verifier` holds what the recording itself says of its score. `subagent` is set while a file of a sub-agent is read.
    """

    where: str
    task: str = ""
    status: Status = "unknown"
    ended: str = ""
    session: str = ""
    parent: str = ""
    seconds: float = 0.0
    tokens: int = 0
    names: dict[str, str] = field(default_factory=dict)
    damage: list[Damage] = field(default_factory=list)
    verifier: list[VerifierFile] = field(default_factory=list)
    setup: int = 0
    tests: int = 0
    started: bool = True
    tools: bool = True
    subagent: bool = False
    _steps: list[_Open] = field(default_factory=list)

    def add(self, source: StepSource, texts: Iterable[Text], time: Any = "") -> None:
        """Add a step; one without texts gets an empty message."""
        when = time if isinstance(time, str) else repr(time) if isinstance(time, int | float) else ""
        self._steps.append(_Open(source, list(texts) or [Text("message", "")], when))

    def add_text(
        self, source: StepSource, channel: Channel, text: str, time: Any = "", name: str = ""
    ) -> None:
        """Add a step of one text; nothing if the text is empty."""
        if text:
            self.add(source, [Text(channel, text, name)], time)

    def join(self, source: StepSource, texts: list[Text], time: Any = "") -> None:
        """Add texts, if there are any, to the last step if it has this source, else to a new step."""
        if self._steps and self._steps[-1].source == source:
            self._steps[-1].texts.extend(texts)
        elif texts:
            self.add(source, texts, time)

    def attach(self, index: int, text: Text) -> None:
        """Add a text to step `index`, counted from 0, or to the nearest existing step."""
        if self._steps:
            self._steps[max(0, min(index, len(self._steps) - 1))].texts.append(text)
        else:
            self.add("environment", [text])

    def roll_back(self, turns: int) -> None:
        """Remove the last `turns` messages of the user and everything after the first of them."""
        said = [n for n, step in enumerate(self._steps) if step.source == "user" and _spoken(step.texts)]
        if said and turns > 0:
            del self._steps[said[-min(turns, len(said))] :]

    def add_damage(self, what: str) -> None:
        """Report a part that could not be read."""
        self.damage.append(Damage(self.where, what))

    def records(self, values: Iterable[Any], what: str = "a line") -> Iterator[dict[str, Any]]:
        """The values that are records. Each other one, called `what`, is reported, and its text kept as a message."""
        for value in values:
            if isinstance(value, dict):
                yield value
            else:
                self.add_damage(f"{what} is not a record but {type(value).__name__}")
                self.add_text("environment", "message", j.as_text(value))

    def read_metadata(self, value: Any) -> None:
        """Take task, score and exit status from a document, at its top or one level below."""
        for place in (j.mapping(value), *(j.inner(value, key) for key in _NESTED)):
            self.task = self.task or j.text(place, *_TASK).strip()
            if self.status == "unknown":
                self.status = verdict(place)
            self.ended = self.ended or j.text(place, "exit_status")

    @property
    def agent_acted(self) -> bool:
        """Whether the agent has had a turn."""
        return any(step.source == "agent" for step in self._steps)

    @property
    def count(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps, each with its phase."""
        found, acted, asked = [], False, False
        for number, step in enumerate(self._steps, start=1):
            installing, testing = number <= self.setup, 0 < self.tests < number
            acted = acted or (step.source == "agent" and not installing)
            before = installing or not (acted or step.source == "user")
            phase: Phase = "verifier" if testing else "setup" if before else "agent"
            by_harness = step.source == "agent" and (installing or testing)
            source: StepSource = "environment" if by_harness else step.source
            spoken = step.source == "user" and _spoken(step.texts)
            correction = spoken and acted and asked
            asked = asked or spoken
            found.append(Step(number, source, tuple(step.texts), step.time, phase, correction))
        return tuple(found)

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
        self.names[j.string(id)] = name
        return Text("call", j.call_text(arguments), name)

    def result(self, id: Any, text: str, name: str = "", code: Any = None, failed: Any = None) -> Text:
        """The text of a result; `id` is that of its call, `name` the tool's if the call is unknown."""
        said = failed if isinstance(failed, bool) else None
        return results.result(text, self.names.get(j.string(id), "") or name, code, said)

    def content(self, value: Any, channel: Channel = "message") -> list[Text]:
        """The texts of a message's content: the parts and blocks of all formats, possibly mixed."""
        if isinstance(value, list):
            return [text for part in value for text in self._part(part, channel)]
        text = j.as_text(value)
        return [Text(channel, text)] if text else []

    def _part(self, part: Any, channel: Channel) -> list[Text]:
        place = j.mapping(part)
        kind = j.text(place, "type").lower().replace("-", "_")
        if kind in ("thinking", "reasoning", "redacted_thinking") or place.get("thought") is True:
            said = (place.get(key) for key in ("thinking", "text", "summary", "reasoning"))
            text = next(filter(None, map(j.content_text, said)), "")
            return [Text("reasoning", text or "[redacted reasoning]")]
        if kind.endswith(("tool_use", "toolcall", "tool_call")) or "functionCall" in place:
            given = j.inner(place, "functionCall") or place
            name = j.text(given, "name", "toolName")
            return [self.call(j.first(given, _CALL_ID), name, j.first(given, _ARGUMENTS))]
        if kind.endswith(("tool_result", "toolresult")):
            key = j.first(place, _CALL_ID[1:])
            return [self.result(key, j.content_text(place.get("content")), failed=place.get("is_error"))]
        if "functionResponse" in place:
            given = j.inner(place, "functionResponse")
            response = given.get("response")
            error = j.mapping(response).get("error")
            text = j.as_text(error or j.mapping(response).get("output", response))
            return [self.result(given.get("id"), text, j.text(given, "name"), failed=bool(error) or None)]
        text = j.content_text([part])
        return [Text(channel, text)] if text else []


def _spoken(texts: list[Text]) -> bool:
    return any(text.channel == "message" and text.text.strip() for text in texts)


def reasoning(message: dict[str, Any]) -> list[Text]:
    """A message's reasoning, under any name that endpoints use; equal texts only once."""
    found = dict.fromkeys(filter(None, (j.content_text(message.get(key)) for key in _REASONING)))
    if not found:
        parts = j.listing(message.get("reasoning_details")) or j.listing(message.get("thinking_blocks"))
        found = dict.fromkeys(filter(None, (j.text(part, "text", "summary", "thinking") for part in parts)))
    return [Text("reasoning", text) for text in found]


def injected(texts: Iterable[Text], opening: re.Pattern[str] = ANY) -> list[Text]:
    """The texts; messages that begin like `opening` become injected texts."""
    return [
        replace(text, channel="injected")
        if text.channel == "message" and opening.match(text.text.lstrip())
        else text
        for text in texts
    ]


def abandoned(values: Iterable[Any], key: str, parent: str, turn: Callable[[Any], bool]) -> set[str]:
    """Ids of the records in abandoned branches of a session that is a tree.

    Of the records below the same parent for which `turn` holds, only the one with the latest record below it is active;
    the others and everything below them were left when the user went back. A record follows its parent in the file.
    """
    records = (each for each in values if isinstance(each, dict))
    tree = [(j.text(each, key), j.text(each, parent), parent in each and turn(each)) for each in records]
    latest: dict[str, int] = {}
    for at in reversed(range(len(tree))):
        id, above, _ = tree[at]
        latest[id] = max(at, latest.get(id, 0))
        latest[above] = max(latest[id], latest.get(above, 0))
    active: dict[str, int] = {}
    for id, above, is_turn in tree:
        if is_turn and id:
            active[above] = max(latest[id], active.get(above, 0))
    left: set[str] = set()
    for id, above, is_turn in tree:
        if id and (above in left or (is_turn and latest[id] < active[above])):
            left.add(id)
    return left


def verdict(value: Any) -> Status:
    """The verdict of a reward, or of a record with a field such as `resolved` or `reward`; 1 and true pass."""
    if isinstance(value, bool):
        return "unknown"  # true and false count only in a field whose name says what they mean
    for score in (value.get(key) for key in _SCORE) if isinstance(value, dict) else (value,):
        if isinstance(score, int | float):
            return "passed" if score is True or j.number(score) >= 1 else "failed"
    return "unknown"
