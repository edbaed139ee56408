"""JSON from strangers (models, evolved code), as text that can be written anywhere."""

from __future__ import annotations

import json
import re
from typing import Any

_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")
_LONE = re.compile("[\ud800-\udfff]")


def loads(raw: str | bytes) -> Any:
    """The value of a JSON text, lone surrogates in it replaced. Raises `ValueError` or `RecursionError`.

    JSON can spell half a character, which no file and no request can hold: one of them would end the run.
    """
    text = raw if isinstance(raw, str) else raw.decode("utf-8")
    value = json.loads(text)
    return mended(value) if _ESCAPED.search(text) else value


def mended(value: Any) -> Any:
    """A JSON value with the replacement character in place of every lone surrogate."""
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [mended(each) for each in value]
    if isinstance(value, dict):
        return {mended(key): mended(each) for key, each in value.items()}
    return value
