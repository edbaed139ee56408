"""Untrusted JSON: a text that was cut is read up to the cut, and a value of the wrong type counts as empty.

`salvage` reads text; the functions below it convert a value to the expected type and never raise.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic_core import from_json

_SURROGATE = re.compile("[\ud800-\udfff]")
_DATA_URL = re.compile(r"data:([\w/+.-]*);base64,")
_CONTROL = re.compile(r"[\x00-\x1f]")
_HALF = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|\\u[0-9a-fA-F]{0,3}$|\\$")
"""Half of a surrogate pair, or an escape that was cut: strict readers refuse them."""
_STUMP = 5
"""A text counts as cut if at most this many characters follow the error: `\\u12`, `tru`."""

Fault = tuple[int, str]


def salvage(text: str) -> tuple[Any, list[Fault]]:
    """The value of a JSON text, with a fault (character, what) if not all of it could be read.

    Everything before a cut or a damage is kept; what follows it is not.
    """
    try:
        return json.loads(text, strict=False), []
    except json.JSONDecodeError as error:
        cut = error.msg.startswith("Unterminated string") or len(text[error.pos :].strip()) <= _STUMP
        what = "cut here" if cut else f"damaged here ({error.msg.lower()})"
        value = _beginning(text) if cut else None
        value = _beginning(text[: error.pos]) if value is None else value
        return value, [(error.pos, what)] if text.strip() else []
    except RecursionError:
        return None, [(0, "JSON nested too deeply")]
    except ValueError:  # a number too long for an int
        value = _beginning(text)
        return value, [(0, "not readable as JSON")] if value is None else []


def _beginning(text: str) -> Any:
    """The value of the beginning of a JSON text; a string that is cut keeps what there is of it."""
    plain = _HALF.sub("\ufffd", _CONTROL.sub(" ", text)).removesuffix("\ufffd")
    try:
        return from_json(plain.encode("utf-8", "replace"), allow_partial="trailing-strings")
    except ValueError:
        return None


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
