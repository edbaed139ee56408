"""Finds the mechanism that a line shows, with the tables and the lexicon."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from ahe.debug.signals.lexicon.features import SPACES
from ahe.debug.signals.lexicon.guess import alarming, guess
from ahe.debug.signals.mechanisms import code, data, machine, quiet, system
from ahe.debug.signals.mechanisms.row import WEAK, Row
from ahe.debug.signals.templates import message_start
from ahe.debug.signals.vocabulary import UNKNOWN

LONGEST = 600
"""Characters of a line that are matched."""

SURE = 0.25
"""From this lead on the lexicon's guess names a line, even against a row of the tables."""

DEFINITE, PLAIN = 2.4, 2.0
"""From these weights on a row counts although the line contains harmless words, or a summary."""

SUMMED_UP = 0.7
"""The weight of a summary."""

LEARNED = 2.4
"""The weight of a line that leads `calm` by a full margin in the lexicon; less margin, proportionally less weight."""

VAGUE = 0.35
"""How much less a line weighs if no mechanism is named."""


class Match(NamedTuple):
    """The mechanism of a line, its weight (about 0 to 3), and where in the line the match begins."""

    mechanism: str
    weight: float
    start: int


_UNSORTED: tuple[Row, ...] = (
    *system.SHELL,
    *system.FILES,
    *machine.MACHINE,
    *machine.NETWORK,
    *code.PACKAGES,
    *code.GIT,
    *code.LANGUAGES,
    *code.TESTS,
    *code.EXCEPTIONS,
    *data.DATA,
    *quiet.QUIET,
)
ROWS = tuple(sorted(_UNSORTED, key=lambda row: -row.weight))
"""Highest weight first, so the first row that matches is the answer."""

_LETTERS = {ord(c): " " for c in (*map(chr, range(128)), *"‘’“”«»→│|") if not c.isalpha() and c != "\n"}
_ANY = tuple(number for number, row in enumerate(ROWS) if not row.words)
_ALL = sorted({word for row in ROWS for word in row.words})
_STRONG = frozenset(word.encode() for word in _ALL if word not in WEAK)
_WEAK = frozenset(word.encode() for word in _ALL if word in WEAK)


def _index() -> dict[str, tuple[int, ...]]:
    return {word: tuple(n for n, row in enumerate(ROWS) if word in row.words) for word in _ALL}


_ROWS_OF = _index()


def may_match(line: bytes) -> bool:
    """The quick filter: whether a line, in lower case and UTF-8, may show a mechanism.

    It must look alarming to the lexicon, or contain one rare word of a row, or two common words of one row.
    """
    if alarming(line):
        return True
    words = line.translate(SPACES).split()
    if not _STRONG.isdisjoint(words):
        return True
    if b"error" in line or b"exception" in line or b"\\r" in line or b"^m" in line:
        return True
    weak = _WEAK.intersection(words)
    if len(weak) < 2:
        return False
    rows = [number for word in weak for number in _ROWS_OF[word.decode()]]
    return len(set(rows)) < len(rows)


@lru_cache(maxsize=1 << 14)
def match(line: str) -> Match | None:
    """What the first `LONGEST` characters of a line show: the lexicon's guess if it is sure, else the row's mechanism.

    None for a harmless line (`0 errors`). A line that nothing names is `unknown`. A line that only sums up
    (`make: ***`) or that the lexicon considers calm has a low weight.
    """
    line = line[:LONGEST]
    low = line.lower()
    begin = message_start(low)
    row = _first_row(low[begin:])
    if row is None and _harmless(low, 0.0):
        return None
    if row is not None and row.weight == SUMMED_UP:
        return row._replace(start=row.start + begin)
    found = guess(line[begin:], row.mechanism if row else "")
    learned = LEARNED * min(1.0, max(-0.5, found.trouble))
    if row is None:
        # A guess without a matching row is less reliable.
        return (
            Match(found.mechanism, learned - 0.2, begin)
            if found.lead >= SURE
            else Match(UNKNOWN, learned - VAGUE, begin)
        )
    agree = found.mechanism in ("", row.mechanism)
    return Match(
        found.mechanism if found.lead >= SURE else row.mechanism,
        max(row.weight, learned) if agree else (row.weight + learned) / 2,
        row.start + begin,
    )


def row_of(line: str) -> str:
    """The mechanism of the row that matches a line of any letter case; empty if none does."""
    low = line[:LONGEST].lower()
    found = _first_row(low[message_start(low) :])
    return found.mechanism if found else ""


def _first_row(line: str) -> Match | None:
    tried = set(_ANY)
    for word in line.translate(_LETTERS).split():
        tried.update(_ROWS_OF.get(word, ()))
    rows = (ROWS[number] for number in sorted(tried))
    best = next(
        (Match(r.mechanism, r.weight, m.start()) for r in rows if (m := r.pattern.search(line))), None
    )
    weight = best.weight if best else 0.0
    if _harmless(line, weight):
        return None
    if weight < PLAIN and (summary := quiet.SUMMARY.search(line)):
        return Match(UNKNOWN, SUMMED_UP, summary.start())
    return best


def _harmless(line: str, weight: float) -> bool:
    """Whether a line is harmless; benign words are overridden by a row of weight `DEFINITE` or more."""
    benign = weight < DEFINITE and quiet.BENIGN.search(line)
    return bool(benign or quiet.HARMLESS.search(line))
