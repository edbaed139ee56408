"""Text that is not trusted (from models and evolved code), and a person's files in the encodings of editors."""

import codecs
import json
import math
import re
from pathlib import Path
from typing import Any

BYTES_PER_TOKEN = 3.6
CUT = "…"
"""Marks the end of a text that was cut."""
MAX_DEPTH = 100
_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")
_LONE = re.compile("[\ud800-\udfff]")


_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_text(path: Path) -> str:
    """A text file that a person edits: UTF-8, or what its byte-order mark says; line ends as `\\n`.

    Raises OSError, and `UnicodeError` that names the fix where it is in another encoding.
    """
    data = path.read_bytes()
    encoding = next((name for mark, name in _MARKS.items() if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise UnicodeError(
            f"line {line} is not in {encoding[:6].upper().rstrip('-')}: save the file as UTF-8"
        ) from None
    if "\0" in text[:4]:  # UTF-16 without a mark
        raise UnicodeError("it is not text in UTF-8: save the file as UTF-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def loads(raw: str | bytes, *, finite: bool = False) -> Any:
    """The value of a JSON text, safe to write again. Raises `ValueError` or `RecursionError`.

    JSON can escape half a surrogate pair, which cannot be encoded in a file or a request: it is replaced. NaN and
    infinite numbers (1e999) become None, or are refused with `finite`. Values more than `MAX_DEPTH` deep are refused:
    they parse, but what walks through them later would fail.
    """

    def number(digits: str) -> float | None:
        value = float(digits)
        if finite and not math.isfinite(value):
            raise ValueError(f"{digits[:20]} is not a number of JSON")
        return value if math.isfinite(value) else None

    text = raw if isinstance(raw, str) else raw.decode("utf-8")
    value = json.loads(text, parse_constant=number, parse_float=number)
    if too_deep(value):
        raise ValueError(f"more than {MAX_DEPTH} lists and objects in each other")
    return without_surrogates(value) if _ESCAPED.search(text) else value


def too_deep(value: Any) -> bool:
    """Whether a JSON value has more than `MAX_DEPTH` lists and objects in each other."""
    level = [value]
    for _ in range(MAX_DEPTH):
        nested = [
            each.values() if isinstance(each, dict) else each
            for each in level
            if isinstance(each, (dict, list))
        ]
        level = [inner for each in nested for inner in each]
        if not level:
            return False
    return True


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


def cut(text: str, most: int) -> str:
    """The text, or its first `most` characters with a mark at their end."""
    return text if len(text) <= most else text[:most].rstrip() + CUT


def plural(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
