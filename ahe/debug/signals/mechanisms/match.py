"""Which mechanism a line tells of."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from ahe.debug.signals.lexicon.features import SPACES
from ahe.debug.signals.lexicon.guess import Guess, alarming, guess
from ahe.debug.signals.mechanisms import code, data, machine, quiet, system
from ahe.debug.signals.mechanisms.row import WEAK, Row
from ahe.debug.signals.mechanisms.tone import CALM, TROUBLE
from ahe.debug.signals.vocabulary import UNKNOWN

LONGEST = 600
PREFIX = re.compile(
    r"\s*(?:time=\S+\s+)?(?:\[?\d+[:\-/.]\d[\dt:.,\-/]*z?\]?\s+(?:\d+:[\d:.,]+z?\s+)?)?"
    r"(?:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) +\d+ [\d:]+ \S+ \S+: )?"
    r"(?:\[?(?:level=)?(?:info|debug|notice|trace|warn(?:ing)?)\]?(?::[\w.]+:|:)?\s+|error:[a-z]\w*:\s*"
    r"|\w+:[\w.]+:(?=\S))?(?:msg=\"?)?"
)
"""What a logger puts before a message: time, level, name. It matches everywhere, perhaps nothing."""

SURE = 0.25
"""The lead of a guess from which it names a line."""

NEAR = 0.3
"""How far a row's mechanism may be behind the likeliest one and still name a line that nothing names for sure."""

PLAIN = 0.8
"""The lead of a guess from which a line needs no word of trouble."""

TROUBLED = -0.5
"""How far from calm a line has to be that no row matches."""

VAGUE = 0.35
"""By how much a line tells less for having no name."""

_SURE = 2.0
_SURER = 2.4


class Match(NamedTuple):
    """`start` is where in the line the telling words begin. `tone` is negative where the line itself says that
    all is well, or says nothing of trouble.
    """

    mechanism: str
    weight: float
    start: int
    tone: float = 0.0


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
    *quiet.GENERAL,
)
ROWS = tuple(sorted(_UNSORTED, key=lambda row: -row.weight))
"""What tells most comes first, so the first row that matches is the answer."""

_LETTERS = {ord(c): " " for c in (*map(chr, range(128)), *"‘’“”«»→│|") if not c.isalpha() and c != "\n"}
_ANY = tuple(number for number, row in enumerate(ROWS) if not row.words)
_ALL = sorted({word for row in ROWS for word in row.words})
_STRONG = frozenset(word.encode() for word in _ALL if word not in WEAK)
_WEAK = frozenset(word.encode() for word in _ALL if word in WEAK)


def _index() -> dict[str, tuple[int, ...]]:
    return {word: tuple(n for n, row in enumerate(ROWS) if word in row.words) for word in _ALL}


_ROWS_OF = _index()
_BENIGN = re.compile("|".join(f"(?:{row.pattern.pattern})" for row in quiet.BENIGN))
_HARMLESS = re.compile("|".join(f"(?:{row.pattern.pattern})" for row in quiet.HARMLESS))
_SUMMARY = re.compile("|".join(f"(?:{row.pattern.pattern})" for row in quiet.SUMMARY))


def telling(line: bytes) -> bool:
    """The quick filter: whether a line, in lower case and UTF-8, may match a row.

    It holds a word that is rare where nothing is wrong, or two words of one row that are not.
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
    """What a line tells of (its first LONGEST characters); None where it tells of nothing.

    The tables and the lexicon say it together. What says that nothing is wrong (`0 errors`) counts for nothing, and
    what only sums up (`make: ***`) for little, unless the line tells something definite as well.
    """
    line = line[:LONGEST]
    low = line.lower()
    skipped = PREFIX.match(low).end()  # type: ignore[union-attr]
    told = _told(low[skipped:])
    if told is not None and told.weight < 1.0:
        return told._replace(start=told.start + skipped)
    if told is None and (_HARMLESS.search(low) or _BENIGN.search(low)):
        return None
    found = guess(line[skipped:], told.mechanism if told else "")
    return _together(told, found, skipped, low)


def _together(told: Match | None, found: Guess, skipped: int, low: str) -> Match | None:
    learned = 0.9 + 1.5 * min(1.0, max(-0.5, found.trouble))
    if told is None:
        if found.trouble < TROUBLED:
            return None
        named = found.lead >= SURE
        name = found.mechanism if named else UNKNOWN
        return Match(name, learned - (0.2 if named else VAGUE), skipped, _tone(low[skipped:], found))
    named = told.mechanism != UNKNOWN
    agree = found.mechanism in ("", told.mechanism)
    if found.lead >= SURE:
        name = found.mechanism
    elif named and found.behind <= NEAR:
        name = told.mechanism
    else:
        name = UNKNOWN
    weight = max(told.weight, learned) if agree or not named else (told.weight + learned) / 2
    return Match(
        name, weight - (VAGUE if name == UNKNOWN else 0), told.start + skipped, _tone(low[skipped:], found)
    )


def row_of(line: str) -> str:
    """The mechanism of the row that matches a line in any case; empty where none does."""
    low = line[:LONGEST].lower()
    found = _told(low[PREFIX.match(low).end() :])  # type: ignore[union-attr]
    return found.mechanism if found else ""


def _told(line: str) -> Match | None:
    tried = set(_ANY)
    for word in line.translate(_LETTERS).split():
        tried.update(_ROWS_OF.get(word, ()))
    best = None
    for number in sorted(tried):
        row = ROWS[number]
        found = row.pattern.search(line)
        if found:
            best = Match(row.mechanism, row.weight, found.start())
            break
    if best is None or _HARMLESS.search(line):
        return None
    if best.weight < _SURER and _BENIGN.search(line):
        return None
    if best.weight < _SURE and (summary := _SUMMARY.search(line)):
        return Match(UNKNOWN, quiet.SUMMARY[0].weight, summary.start())
    return best


def _tone(line: str, found: Guess) -> float:
    """What the words of calm, or none of trouble, take away; less where the lexicon knows the message."""
    if CALM.search(line):
        return -1.5 * max(0.0, 1.0 - max(0.0, found.trouble) / PLAIN)
    return 0.0 if TROUBLE.search(line) else -max(0.0, 1.0 - found.lead / PLAIN)
