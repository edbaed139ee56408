"""Values of JSON from strangers, taken as what they should be; a wrong type is empty, never an error."""

from __future__ import annotations

import json
import re
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_DATA_URL = re.compile(r"data:([\w/+.-]*);base64,")


def string(value: Any) -> str:
    return whole(value) if isinstance(value, str) else ""


def mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def listing(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def mappings(value: Any) -> list[dict[str, Any]]:
    return [each for each in listing(value) if isinstance(each, dict)]


def number(value: Any) -> float:
    """The value where it is a finite number, else 0."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        return 0.0
    return float(value) if abs(value) < 1e15 else 0.0


def shown(value: Any) -> str:
    """Any value as text: a text as it is, nothing as nothing, the rest as JSON with its keys as they came."""
    if isinstance(value, str):
        return whole(value)
    if value is None:
        return ""
    try:
        return whole(json.dumps(value, ensure_ascii=False))
    except (RecursionError, ValueError):
        return "[a value nested too deeply to show]"


def call(arguments: Any) -> str:
    """The text of a call: the value of its one argument, else the JSON of its arguments."""
    value = arguments
    if isinstance(arguments, str) and arguments.lstrip().startswith("{"):
        try:
            value = json.loads(arguments, strict=False)
        except (ValueError, RecursionError):
            return whole(arguments)
    if isinstance(value, dict) and len(value) == 1:
        return shown(next(iter(value.values())))
    return shown(arguments)


def content(value: Any) -> str:
    """The text of a message's content: a text, or parts of which the texts are taken, one a line."""
    if isinstance(value, list):
        return "\n".join(filter(None, (_part(part) for part in value)))
    return _part(value)


def _part(part: Any) -> str:
    if not isinstance(part, dict):
        return shown(part)
    for key in ("text", "thinking", "refusal", "input_text", "output_text"):
        if isinstance(part.get(key), str):
            return string(part[key])
    return media(part)


def media(part: dict[str, Any]) -> str:
    """A part that is no text: as JSON, or as its kind and size where it is a picture or another blob."""
    text = shown(part)
    found = _DATA_URL.search(text)
    source = mapping(part.get("source"))
    if found or isinstance(source.get("data"), str):
        kind = found[1] if found else string(source.get("media_type"))
        return f"[{kind or 'binary'} content, {len(text)} characters of base64]"
    return text


def whole(text: str) -> str:
    """The text such that its UTF-8 (surrogateescape) leads back to it.

    JSON can spell half a character, which no file can hold: it becomes the replacement character. The
    halves that stand for bytes that were no UTF-8 stay.
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
