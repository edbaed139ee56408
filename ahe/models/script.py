"""The script of a scripted model: the answers for each role and key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from ahe.errors import UsageError
from ahe.records import Record


class ScriptedCall(Record):
    """A tool call to make. `arguments` as text is sent as it is, so malformed JSON can be scripted; `extra` are
    further fields of the call.
    """

    name: str
    arguments: dict[str, Any] | str = Field(default_factory=dict)
    id: str | None = None
    extra: dict[str, Any] = Field(default_factory=dict)


class ScriptedAnswer(Record):
    """One answer: what the model says, or how the endpoint misbehaves.

    A `status` of 400 or more sends `content` as the error's message, with `headers` such as Retry-After. `delay` is in
    seconds. `raw` replaces the whole body, `cut` keeps only its first bytes, `drop` closes the connection without an
    answer. `usage` false leaves the usage out. `times` is how often the answer is given before the next one of its
    list; None: once, or always for the last of the list. `copy_from` maps names to regular expressions over the
    request's messages: the first group of the last match replaces `${name}` in content and tool calls, so that an
    answer can cite text that only the run produces. `extra` are further fields of the message. A request for a stream
    gets one.
    """

    content: str | None = ""
    extra: dict[str, Any] = Field(default_factory=dict)
    tool_calls: tuple[ScriptedCall, ...] = ()
    reasoning: str | None = None
    finish: str | None = None
    status: int = 200
    headers: dict[str, str] = Field(default_factory=dict)
    delay: float = 0.0
    raw: str | None = None
    cut: int | None = None
    drop: bool = False
    usage: bool = True
    times: int | None = None
    copy_from: dict[str, str] = Field(default_factory=dict)

    def filled(self, payload: dict[str, Any]) -> ScriptedAnswer:
        """The answer with every `${name}` replaced by text of the request."""
        if not self.copy_from:
            return self
        said = "\n".join(str(message.get("content") or "") for message in payload["messages"])
        text = self.model_dump_json(exclude={"copy_from"})
        for name, pattern in self.copy_from.items():
            found = re.findall(pattern, said)
            text = text.replace(f"${{{name}}}", json.dumps(found[-1])[1:-1] if found else "")
        return ScriptedAnswer.model_validate_json(text)


Written = str | Mapping[str, Any] | ScriptedAnswer
Computed = Callable[[str, str, dict[str, Any]], Written]
Entry = Written | Computed | list[Written | Computed]


class Script:
    """Answers by role and key, the most specific pattern first.

    `answers` maps a role (or `*`) to keys (exact, or patterns with `*` and `?`), and each key to an answer, a list of
    answers for successive calls, or, in Python, a callable `(role, key, payload) -> answer`. `log` is a file for the
    requests, one JSON line each: role, key, n (from 0), status and payload; several processes may append to it.
    Raises UsageError if an entry is not valid.
    """

    def __init__(self, answers: Mapping[str, Mapping[str, Entry]], log: Path | None = None) -> None:
        self.log = log
        self._entries = [
            (
                role,
                str(pattern),
                [each if callable(each) else _answer(each, f"{role} {pattern}") for each in steps],
            )
            for role, keys in answers.items()
            for pattern, entry in keys.items()
            for steps in [entry if isinstance(entry, list) else [entry]]
        ]

    @classmethod
    def read(cls, path: Path) -> Script:
        """Read a YAML or JSON file. Its top-level key `log` names a file, beside the script, for the requests."""
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise UsageError(f"the script {path} cannot be read: {error}") from error
        if not isinstance(content, dict):
            raise UsageError(f"the script {path} must map roles to keys to answers")
        log = content.pop("log", None)
        if not all(isinstance(keys, dict) for keys in content.values()):
            raise UsageError(f"the script {path} must map each role to keys, and each key to an answer")
        return cls(content, path.parent / log if log else None)

    def find(self, role: str, key: str, seen: int, payload: dict[str, Any]) -> ScriptedAnswer | None:
        """The answer to the call after `seen` calls with this role and key; None if the script has none."""
        for steps in self._matching(role, key):
            for position, step in enumerate(steps):
                times = step.times if isinstance(step, ScriptedAnswer) else None
                if times is None:
                    times = 1 if position + 1 < len(steps) else seen + 1
                if seen < times:
                    return _answer(step(role, key, payload) if callable(step) else step, f"{role} {key}")
                seen -= times
        return None

    def _matching(self, role: str, key: str) -> list[list[ScriptedAnswer | Computed]]:
        """The exact key before patterns; among patterns, more literal characters first."""
        found = [
            (pattern == key, sum(character not in "*?" for character in pattern), own_role == role, steps)
            for own_role, pattern, steps in self._entries
            # Square brackets in a task's name are not a character class.
            if own_role in (role, "*") and fnmatchcase(key, pattern.replace("[", "[[]"))
        ]
        return [steps for *_, steps in sorted(found, key=lambda each: each[:3], reverse=True)]


def _answer(written: Written, where: str) -> ScriptedAnswer:
    if isinstance(written, ScriptedAnswer):
        return written
    try:
        return ScriptedAnswer.model_validate({"content": written} if isinstance(written, str) else written)
    except ValidationError as error:
        raise UsageError(f"the script's answer for {where} is wrong: {error}") from error
