"""The features of a line: the stems of its words, and patterns such as versions, ports and globs."""

from __future__ import annotations

import re
from functools import lru_cache

STEM = 8
"""Letters of a stem: words rarely differ only after these."""

BEGINNING = 6

SPACES = bytes(code if chr(code).isalpha() and code < 128 else 32 for code in range(256))
"""A translation table that keeps ASCII letters and replaces everything else by a space."""

_PATH = re.compile(r"[/\\~][\w./\\*~-]*")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD = re.compile(r"[a-z]{2,}")
_ENDINGS = ("ings", "ing", "edly", "ed", "es", "s", "ly", "e")
_DOUBLED = frozenset("bdgmnprt")

_FORMS = (
    ("<glob>", "*", re.compile(r"\*\.?\w|\*\*/|\*/")),
    ("<cr>", "\\r", re.compile(r"\\r")),
    ("<cr>", "^M", re.compile(r"\^M\b")),
    ("<cr>", "^m", re.compile(r"\^m\b")),
    ("<cr>", "\r", re.compile(r"\r")),
    ("<cr>", "0d", re.compile(r"\\x0d|0d0a|0x0d")),
    ("<variable>", "_", re.compile(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b")),
    ("<decimal>", ",", re.compile(r"(?<![\d.,])\d{1,6},\d{3}[.,]\d+|\d+,\d+\b")),
    ("<decimal>", ".", re.compile(r"(?<![\d.,])\d{1,6}\.\d{3}[.,]\d+")),
    ("<library>", "lib", re.compile(r"\blib[\w+.-]*\.(?:so|dylib|dll|a)\b")),
    ("<port>", ":", re.compile(r":\d{4,5}\b")),
    ("<empty>", "''", re.compile(r"''")),
    ("<empty>", '""', re.compile(r'""')),
    ("<dollar>", "$", re.compile(r"\$\{?[A-Za-z_]")),
    ("<version>", ".", re.compile(r"[<>=~^]=?\s*v?\d+\.\d")),
    ("<zero>", "0", re.compile(r"(?<![\d.,:/-])0(?![\d.,:/x%-])")),
    ("<hash>", "", re.compile(r"\b[0-9a-f]{10,}\b")),
    ("<settings>", ".", re.compile(r"\.(?:toml|ya?ml|ini|conf|cfg|properties|env)\b")),
    ("<date>", "20", re.compile(r"\b20\d\d-\d\d-\d\d")),
    ("<table>", ".csv", re.compile(r"\.csv\b")),
)
"""Forms: name, text that a line must contain (a cheap test), pattern."""


def features(line: str, row: str = "") -> set[str]:
    """The features of a line in its original case; `row` is the mechanism of the table row that matches it, if any."""
    found = {name for name, mark, pattern in _FORMS if mark in line and pattern.search(line)}
    words = _CAMEL.sub(" ", _PATH.sub(" ", line)).lower().replace("n't", " not").replace("n’t", " not")
    found.update(map(stem, _WORD.findall(words)))
    if row:
        found.add(f"<row {row}>")
    return found


def beginnings(template: bytes) -> set[bytes]:
    """The first letters of each word of a lower-case line: cheap enough to compute for every line."""
    return {word[:BEGINNING] for word in template.translate(SPACES).split()}


@lru_cache(maxsize=1 << 15)
def stem(word: str) -> str:
    """A word without its ending: `matched`, `matches` and `matching` have the same stem."""
    if len(word) > 4:
        for ending in _ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word[: -len(ending)]
                break
        if len(word) > 2 and word[-1] == word[-2] and word[-1] in _DOUBLED:
            word = word[:-1]
        if word.endswith("i"):
            word = word[:-1] + "y"
    return word[:STEM]
