"""Untrusted JSON: a text that was cut is read up to the cut, and a value of the wrong type counts as empty.

`salvage` reads text; the functions below it convert a value to the expected type and never raise.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from pydantic_core import from_json

from ahe.text import without_surrogates

_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")
_DATA_URL = re.compile(r"data:([\w/+.-]*);base64,")
_CONTROL = re.compile(r"[\x00-\x1f]")
_HALF = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|\\u[0-9a-fA-F]{0,3}$|\\$")
"""Half of a surrogate pair, or an escape that was cut: strict readers refuse them."""
_STUMP = 5
"""A text counts as cut if at most this many characters follow the error: `\\u12`, `tru`."""
_SAID = ("text", "thinking", "refusal", "input_text", "output_text")


def salvage(raw: str) -> tuple[Any, list[tuple[int, str]]]:
    """The value of a JSON text, with a fault (character, what) if not all of it could be read.

    Everything before a cut or a damage is kept; what follows it is not.
    """
    try:
        return _loads(raw), []
    except json.JSONDecodeError as error:
        cut = error.msg.startswith("Unterminated string") or len(raw[error.pos :].strip()) <= _STUMP
        what = "cut here" if cut else f"damaged here ({error.msg.lower()})"
        value = _beginning(raw) if cut else None
        value = _beginning(raw[: error.pos]) if value is None else value
        return value, [(error.pos, what)] if raw.strip() else []
    except RecursionError:
        return None, [(0, "JSON nested too deeply")]
    except ValueError:  # a number too long for an int
        value = _beginning(raw)
        return value, [(0, "not readable as JSON")] if value is None else []


def _loads(raw: str) -> Any:
    """The value of a JSON text. An escaped half of a surrogate pair, which cannot be encoded, is replaced."""
    value = json.loads(raw, strict=False)
    return without_surrogates(value) if _ESCAPED.search(raw) else value


def _beginning(raw: str) -> Any:
    """The value of the beginning of a JSON text; a string that is cut keeps what there is of it."""
    plain = _HALF.sub("\ufffd", _CONTROL.sub(" ", raw)).removesuffix("\ufffd")
    try:
        return from_json(plain.encode("utf-8", "replace"), allow_partial="trailing-strings")
    except ValueError:
        return None


def parsed(raw: str) -> Any:
    """The value of a text that is a JSON object or array, else None."""
    if raw[:1] not in "{[":
        return None
    try:
        return _loads(raw)
    except (ValueError, RecursionError):
        return None


def string(value: Any) -> str:
    """The value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def mappings(value: Any) -> list[dict[str, Any]]:
    return [each for each in listing(value) if isinstance(each, dict)]


def text(place: Any, *keys: str) -> str:
    """The first string under the keys that is not empty, else an empty one."""
    return next(filter(None, (string(mapping(place).get(key)) for key in keys)), "")


def first(place: Any, keys: Iterable[str]) -> Any:
    """The value under the first of the keys that the record has, else None."""
    record = mapping(place)
    return next((record[key] for key in keys if key in record), None)


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


def total(place: Any, *keys: str) -> int:
    """The sum of the numbers under the keys."""
    return sum(int(number(mapping(place).get(key))) for key in keys)


def words(names: str) -> tuple[str, ...]:
    """The names in a text, for tables of names."""
    return tuple(names.split())


def as_text(value: Any) -> str:
    """Any value as text: a string unchanged, None as empty, everything else as JSON with keys in their order."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    try:
        return json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        return "[a value nested too deeply to show]"


def call_text(arguments: Any) -> str:
    """The text of a call: the value of its only argument, else the JSON of its arguments."""
    value = parsed(arguments.lstrip()) if isinstance(arguments, str) else arguments
    if isinstance(value, dict) and len(value) == 1:
        return as_text(next(iter(value.values())))
    return as_text(arguments)


def content_text(value: Any) -> str:
    """The text of a message's content: a text, or the texts of its parts, one per line.

    A part that is not text is shown as JSON, or as type and size if it is a picture or another blob.
    """
    return "\n".join(filter(None, map(_part, value))) if isinstance(value, list) else _part(value)


def _part(part: Any) -> str:
    if not isinstance(part, dict):
        return as_text(part)
    for key in _SAID:
        if isinstance(part.get(key), str):
            return string(part[key])
    shown, source = as_text(part), inner(part, "source")
    found = _DATA_URL.search(shown)
    if found or isinstance(source.get("data"), str):
        kind = found[1] if found else text(source, "media_type")
        return f"[{kind or 'binary'} content, {len(shown)} characters of base64]"
    return shown
