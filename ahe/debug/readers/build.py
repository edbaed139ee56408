"""What a reader builds: steps in the order of the recording, and what the recording says of itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from ahe.debug.readers.trace import Channel, Damage, Status, Step, Text
from ahe.debug.readers.values import mapping, number, string, whole

Source = Literal["system", "user", "agent", "environment"]
_TASK = ("task_id", "task_name", "instance_id", "problem_id", "task")
_SCORE = ("resolved", "is_resolved", "success", "passed", "is_success", "reward", "score")
_NESTED = ("info", "metadata", "extra", "result", "evaluation", "eval", "scores")


@dataclass
class Draft:
    """A trace in the making. `names` maps the id of a call to the name of its tool."""

    where: str
    task: str = ""
    status: Status = "unknown"
    ended: str = ""
    seconds: float = 0.0
    tokens: int = 0
    names: dict[str, str] = field(default_factory=dict)
    damage: list[Damage] = field(default_factory=list)
    _steps: list[tuple[Source, list[Text], str]] = field(default_factory=list)
    _alone: int = -1

    def add(self, source: Source, texts: Iterable[Text], time: Any = "", alone: bool = False) -> None:
        """A step of its own, be it empty. With `alone`, nothing joins it."""
        self._alone = self.count if alone else self._alone
        when = time if isinstance(time, str) else repr(time) if isinstance(time, int | float) else ""
        self._steps.append((source, list(texts), whole(when)))

    def say(self, source: Source, channel: Channel, text: str, time: Any = "", name: str = "") -> None:
        """A step of one text; nothing where the text is empty."""
        if text:
            self.add(source, (Text(channel, text, name),), time)

    def join(self, source: Source, texts: Iterable[Text], time: Any = "") -> None:
        """Texts for the last step where it has this source, else for a new one."""
        if self._steps and self._steps[-1][0] == source and self._alone != self.count - 1:
            self._steps[-1][1].extend(texts)
        else:
            self.add(source, texts, time)

    def attach(self, index: int, text: Text) -> None:
        """One more text for step `index`, counted from 0; for the nearest one where there is none."""
        if self._steps:
            self._steps[max(0, min(index, len(self._steps) - 1))][1].append(text)
        else:
            self.add("environment", (text,))

    def cut(self, gone: Iterable[int]) -> None:
        """Take steps out again, by index from 0; what the agent did before and after one is one step."""
        drop = set(gone)
        kept: list[tuple[Source, list[Text], str]] = []
        for index, step in enumerate(self._steps):
            if index in drop:
                continue
            if index - 1 in drop and kept and kept[-1][0] == step[0] == "agent":
                kept[-1][1].extend(step[1])
            else:
                kept.append(step)
        self._steps = kept

    def wrong(self, what: str, where: str = "") -> None:
        self.damage.append(Damage(where or self.where, what))

    def claim(self, value: Any) -> None:
        """Take over what a document says of its task and score, in itself or one level below."""
        top = mapping(value)
        for place in (top, *(mapping(top.get(key)) for key in _NESTED)):
            named = (string(place.get(key)).strip() for key in _TASK)
            self.task = self.task or next(filter(None, named), "")
            if self.status == "unknown":
                self.status = score(place)
            self.ended = self.ended or string(place.get("exit_status"))

    @property
    def acted(self) -> bool:
        """Whether the agent has had a turn."""
        return any(source == "agent" for source, _, _ in self._steps)

    @property
    def count(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(
            Step(index, source, tuple(texts), time)
            for index, (source, texts, time) in enumerate(self._steps, start=1)
        )

    @property
    def asked(self) -> tuple[int, str]:
        """The first thing that a user said, with the index of its step; -1 and nothing where none did."""
        for index, (source, texts, _) in enumerate(self._steps):
            said = "\n".join(text.text for text in texts if text.channel == "message")
            if source == "user" and said.strip():
                return index, said
        return -1, ""


def score(place: dict[str, Any]) -> Status:
    """The verdict in a record with a field such as `resolved` or `reward`: 1 and true are a pass."""
    for key in _SCORE:
        value = place.get(key)
        if isinstance(value, bool):
            return "passed" if value else "failed"
        if isinstance(value, int | float):
            return "passed" if number(value) >= 1 else "failed"
    return "unknown"
