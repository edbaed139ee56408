"""JSON that is cut or damaged, read as far as it goes and again behind the damage."""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*("?)|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_HALF = re.compile(r"(?<!\\)((?:\\\\)*)\\u[0-9a-fA-F]{0,3}$")
_END = re.compile(r"\s*\]")
_OBJECT = re.compile(r'\{\s*"')
_KNOWN = frozenset(("step_id", "source", "message", "role", "content", "type", "timestamp", "payload"))
_DECODER = json.JSONDecoder(strict=False)
_STUMP = 5
"""Characters that a value may be short of its end where a text was cut in it: `\\u12`, `tru`."""
ATTEMPTS = 1_000
"""How many places are tried behind a damage before the rest is given up."""

Fault = tuple[int, str]


def salvage(text: str) -> tuple[Any, list[Fault]]:
    """The value of a JSON text, with a fault (character, what) for each place that could not be read.

    A cut text gives all that stands before the cut. Behind a damage inside a list of records, reading
    goes on with the next record that looks like those before it.
    """
    try:
        return json.loads(text, strict=False), []
    except json.JSONDecodeError as error:
        return _recovered(text, error)
    except ValueError:
        return _long_numbers(text)
    except RecursionError:
        return None, [(0, "JSON nested too deeply")]


def _long_numbers(text: str) -> tuple[Any, list[Fault]]:
    """Numbers too long for an int are kept as text."""
    try:
        return json.loads(text, strict=False, parse_int=_number), []
    except (ValueError, RecursionError):
        return None, [(0, "not readable as JSON")]


def _number(digits: str) -> int | str:
    return int(digits) if len(digits) < 1_000 else digits


def _recovered(text: str, error: json.JSONDecodeError) -> tuple[Any, list[Fault]]:
    if not text.strip():
        return None, []
    cut = error.msg.startswith("Unterminated string") or len(text[error.pos :].strip()) <= _STUMP
    value = _parsed(closed(text)) if cut else None
    if value is None:
        value = _parsed(closed(text[: error.pos]))
    faults = [(error.pos, "cut here" if cut else f"damaged here ({error.msg.lower()})")]
    if cut:
        return value, faults
    records = _records(value)
    if error.msg == "Extra data" or records is None:
        return value, faults
    return _resumed(text, error.pos, value, records, faults)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, strict=False, parse_int=_number)
    except (ValueError, RecursionError):
        return None


def _records(value: Any) -> list[Any] | None:
    """The list of records that the damage is in: the document, or the last value of it; else None."""
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        last = next(reversed(value.values()), None)
        if isinstance(last, list):
            return last
        if not any(isinstance(each, list) for each in value.values()):
            value.setdefault("steps", [])
            return value["steps"] if isinstance(value["steps"], list) else None
    return None


def _resumed(
    text: str, position: int, value: Any, records: list[Any], faults: list[Fault]
) -> tuple[Any, list[Fault]]:
    """Records behind the damage are added to `records`, and what follows their list to `value`."""
    keys = {key for each in records if isinstance(each, dict) for key in each} or _KNOWN
    attempts, good = 0, position
    while attempts < ATTEMPTS and (found := _OBJECT.search(text, position)):
        try:
            record, end = _DECODER.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            record, end = None, 0
        if not isinstance(record, dict) or len(keys & record.keys()) < 2:
            attempts, position = attempts + 1, found.start() + 1
            continue
        if good > faults[0][0] and text[good : found.start()].strip(" ,\t\r\n"):
            faults.append((good, "damaged here"))
        records.append(record)
        good = position = end
        if closing := _END.match(text, end):
            _tail(text, closing.end(), value)
            break
    return value, faults


def _tail(text: str, position: int, value: Any) -> None:
    """The keys of a document behind its list of records."""
    rest = text[position:].lstrip()
    if isinstance(value, dict) and rest.startswith(","):
        tail = _parsed(closed("{" + rest[1:]))
        if isinstance(tail, dict):
            value.update({key: each for key, each in tail.items() if key not in value})


def closed(text: str) -> str:
    """The beginning of a JSON text, completed by what it takes to close it; what is half is left out.

    A text that is cut inside a string value keeps the part of the string that is there.
    """
    frames: list[list[Any]] = []  # [bracket, end of the last whole member, whether a key comes next]
    for found in _TOKEN.finditer(text):
        token, first = found[0], found[0][0]
        if first in "{[":
            frames.append([first, found.end(), first == "{"])
        elif not frames:
            return text[: found.end()]
        elif first in "}]":
            frames.pop()
            if not frames:
                return text[: found.end()]
            frames[-1][1] = found.end()
        elif first == ",":
            frames[-1][2] = frames[-1][0] == "{"
        elif first == ":":
            frames[-1][2] = False
        elif first == '"' and not found[1]:
            if frames[-1][2]:
                break
            return text[: found.start()] + _HALF.sub(r"\1", token) + '"' + _closers(frames)
        elif not frames[-1][2] and (first == '"' or found.end() < len(text)):
            frames[-1][1] = found.end()
    return text[: frames[-1][1]] + _closers(frames) if frames else text


def _closers(frames: list[list[Any]]) -> str:
    return "".join("}" if frame[0] == "{" else "]" for frame in reversed(frames))
