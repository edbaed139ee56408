"""Plays a recorded run back, call by call, and says exactly where a request differs."""

from __future__ import annotations

import difflib
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahe.errors import UsageError
from ahe.models.http import Answer, LoopbackServer, failure
from ahe.models.recorder import digest, settings

DIFF_LINES = 20
LINE_LENGTH = 200


@dataclass(frozen=True)
class RecordedCall:
    """One recorded call: digests of the messages asked, the other settings, and the body that came back."""

    messages: tuple[str, ...]
    settings: dict[str, Any]
    body: dict[str, Any]


class Recording:
    """What a Recorder wrote; a last line cut by a kill is skipped. UsageError: the file is unreadable."""

    def __init__(self, path: Path) -> None:
        self.messages: dict[str, Any] = {}
        self.calls: dict[tuple[str, str], list[RecordedCall]] = defaultdict(list)
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"the recording {path} cannot be read: {error}") from error
        for number, line in enumerate(lines, start=1):
            try:
                self._add(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                if number < len(lines):
                    raise UsageError(
                        f"line {number} of the recording {path} is damaged: {error!r}"
                    ) from error

    def _add(self, line: dict[str, Any]) -> None:
        if "message" in line:
            self.messages[line["message"]] = line["value"]
        else:
            call = RecordedCall(tuple(line["messages"]), line["settings"], line["body"])
            self.calls[line["role"], line["key"]].append(call)


class ReplayServer(LoopbackServer):
    """Serves a recording. A request that differs is refused (HTTP 404: never tried again, never scored).

    `differences` collects what each refusal said.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(self._complete, "replay")
        self._recording = Recording(path)
        self._asked: Counter[tuple[str, str, str]] = Counter()
        self.differences: list[str] = []

    def _complete(self, role: str, key: str, payload: dict[str, Any]) -> Answer:
        asked = tuple(digest(message) for message in payload.get("messages", []))
        wanted = settings(payload)
        calls = self._recording.calls.get((role, key), [])
        equal = [call for call in calls if call.messages == asked and call.settings == wanted]
        if not equal:
            text = f"replay: role {role!r}, key {key!r}: {self._difference(calls, asked, payload)}"
            self.differences.append(text)
            return failure(404, text)
        # The same question may have been asked twice and answered differently: play them in order.
        same = (role, key, digest([asked, wanted]))
        position = min(self._asked[same], len(equal) - 1)
        self._asked[same] += 1
        return Answer(200, json.dumps(equal[position].body, ensure_ascii=False).encode())

    def _difference(self, calls: list[RecordedCall], asked: tuple[str, ...], payload: dict[str, Any]) -> str:
        if not calls:
            return "no such call was recorded"
        nearest = max(calls, key=lambda call: _common(call.messages, asked))
        index = _common(nearest.messages, asked)
        if index == len(asked) == len(nearest.messages):
            return f"the settings differ:\n{_diff(nearest.settings, settings(payload))}"
        if index == len(asked):
            return f"{len(nearest.messages)} messages were recorded, only {len(asked)} came"
        if index == len(nearest.messages):
            return (
                f"{len(nearest.messages)} messages were recorded, {len(asked)} came; new is message {index}"
            )
        recorded = self._recording.messages.get(nearest.messages[index])
        return f"message {index} differs:\n{_diff(recorded, payload['messages'][index])}"


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many leading elements are equal."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(one), len(other)))


def _diff(recorded: object, came: object) -> str:
    lines = difflib.unified_diff(_lines(recorded), _lines(came), "recorded", "came", n=1, lineterm="")
    shown = [line[:LINE_LENGTH] for line in lines]
    more = [f"… {len(shown) - DIFF_LINES} more lines"] if len(shown) > DIFF_LINES else []
    return "\n".join(shown[:DIFF_LINES] + more)


def _lines(value: object) -> list[str]:
    # A message's text is full of escaped line ends: unescaped, a diff shows the one line that changed.
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).replace("\\n", "\n").splitlines()
