"""Untrusted text (from models and evolved code): JSON without lone surrogates, and estimates of tokens."""

from __future__ import annotations

import json
import re
from typing import Any

BYTES_PER_TOKEN = 3.6
_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")
_LONE = re.compile("[\ud800-\udfff]")


def loads(raw: str | bytes) -> Any:
    """The value of a JSON text, with lone surrogates replaced. Raises `ValueError` or `RecursionError`.

    JSON can escape half a surrogate pair, which cannot be encoded in a file or a request and would end the run.
    """
    text = raw if isinstance(raw, str) else raw.decode("utf-8")
    value = json.loads(text)
    return without_surrogates(value) if _ESCAPED.search(text) else value


def without_surrogates(value: Any) -> Any:
    """A JSON value with the replacement character in place of every lone surrogate."""
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [without_surrogates(each) for each in value]
    if isinstance(value, dict):
        return {without_surrogates(key): without_surrogates(each) for key, each in value.items()}
    return value


def estimate_tokens(text: str) -> int:
    """About how many tokens `text` is, without a vocabulary; 0 only for the empty text.

    English prose has about 4.4 bytes a token, code and JSON about 3, Chinese 3 to 4 (in UTF-8). `BYTES_PER_TOKEN` lies
    between, so that the estimate for mixed text is within about 20 %.
    """
    if not text:
        return 0
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    return max(1, round(size / BYTES_PER_TOKEN))
