"""Untrusted JSON: damaged text is read as far as possible, and a value of the wrong type counts as empty.

`salvage` reads text; the functions below it convert a value to the expected type and never raise.
"""

from __future__ import annotations

import json
import re
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_DATA_URL = re.compile(r"data:([\w/+.-]*);base64,")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*("?)|[\[\]{},:]|[^\s\[\]{},:"]+', re.DOTALL)
_HALF = re.compile(r"(?<!\\)((?:\\\\)*)\\u[0-9a-fA-F]{0,3}$")
_END = re.compile(r"\s*\]")
_OBJECT = re.compile(r'\{\s*"')
_KNOWN = frozenset(("step_id", "source", "message", "role", "content", "type", "timestamp", "payload"))
_DECODER = json.JSONDecoder(strict=False)
_STUMP = 5
"""A text counts as cut if at most this many characters follow the error: `\\u12`, `tru`."""
ATTEMPTS = 1_000
"""Places after a damage that are tried before the rest is abandoned."""

Fault = tuple[int, str]


def salvage(text: str) -> tuple[Any, list[Fault]]:
    """The value of a JSON text, with a fault (character, what) for each place that could not be read.

    From a cut text everything before the cut is read. After a damage in a list of records, reading continues with the
    next record that resembles those before it.
    """
    try:
        return json.loads(text, strict=False), []
    except json.JSONDecodeError as error:
        return _recovered(text, error)
    except (ValueError, RecursionError) as error:  # a number too long for an int, or JSON nested too deeply
        value = _parsed(text)
        nested = isinstance(error, RecursionError)
        what = "JSON nested too deeply" if nested else "not readable as JSON"
        return value, [(0, what)] if value is None else []


def _number(digits: str) -> int | str:
    """Digits as an int, or as text if Python limits the conversion of so many."""
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
    """The list of records that contains the damage: the document, or its last value; else None."""
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
    """Add the records after the damage to `records`, and the keys after their list to `value`."""
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
    """Add the keys of a document that follow its list of records."""
    rest = text[position:].lstrip()
    if isinstance(value, dict) and rest.startswith(","):
        tail = _parsed(closed("{" + rest[1:]))
        if isinstance(tail, dict):
            value.update({key: each for key, each in tail.items() if key not in value})


def closed(text: str) -> str:
    """The beginning of a JSON text with closing brackets added; an incomplete member is left out.

    If the text is cut inside a string value, the existing part of the string is kept.
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


def string(value: Any) -> str:
    """The value if it is a string, else an empty one."""
    return encodable(value) if isinstance(value, str) else ""


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def mappings(value: Any) -> list[dict[str, Any]]:
    return [each for each in listing(value) if isinstance(each, dict)]


def inner(value: Any, *keys: str) -> dict[str, Any]:
    """The record in `value` under the nested keys; empty if there is none."""
    for key in keys:
        value = mapping(value).get(key)
    return mapping(value)


def number(value: Any) -> float:
    """The value if it is a finite number, else 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return 0.0
    return float(value) if abs(value) < 1e15 else 0.0


def total(place: dict[str, Any], *keys: str) -> int:
    """The sum of the numbers under the keys."""
    return sum(int(number(place.get(key))) for key in keys)


def words(names: str) -> tuple[str, ...]:
    """The names in a text, for tables of names."""
    return tuple(names.split())


def as_text(value: Any) -> str:
    """Any value as text: a string unchanged, None as empty, everything else as JSON with keys in their order."""
    if isinstance(value, str):
        return encodable(value)
    if value is None:
        return ""
    try:
        return encodable(json.dumps(value, ensure_ascii=False))
    except (RecursionError, ValueError):
        return "[a value nested too deeply to show]"


def call_text(arguments: Any) -> str:
    """The text of a call: the value of its only argument, else the JSON of its arguments."""
    value = parsed(arguments.lstrip()) if isinstance(arguments, str) else arguments
    if isinstance(value, dict) and len(value) == 1:
        return as_text(next(iter(value.values())))
    return as_text(arguments)


def content_text(value: Any) -> str:
    """The text of a message's content: a text, or the texts of its parts, one per line."""
    if isinstance(value, list):
        return "\n".join(filter(None, (_part(part) for part in value)))
    return _part(value)


def _part(part: Any) -> str:
    if not isinstance(part, dict):
        return as_text(part)
    for key in ("text", "thinking", "refusal", "input_text", "output_text"):
        if isinstance(part.get(key), str):
            return string(part[key])
    return _media(part)


def _media(part: dict[str, Any]) -> str:
    """A part that is not text: as JSON, or as type and size if it is a picture or another blob."""
    text = as_text(part)
    found = _DATA_URL.search(text)
    source = mapping(part.get("source"))
    if found or isinstance(source.get("data"), str):
        kind = found[1] if found else string(source.get("media_type"))
        return f"[{kind or 'binary'} content, {len(text)} characters of base64]"
    return text


def encodable(text: str) -> str:
    """The text, changed so that it survives encoding as UTF-8 (surrogateescape) and decoding.

    JSON can contain half of a surrogate pair, which cannot be encoded: it becomes the replacement character.
    Surrogates that represent bytes that were not UTF-8 stay.
    """
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        try:
            if text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape") == text:
                return text
        except UnicodeEncodeError:
            pass
        return _SURROGATE.sub("\ufffd", text)
    return text


def parsed(text: str) -> Any:
    """The value of a text that is a JSON object or array, else None."""
    if text[:1] not in "{[":
        return None
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
