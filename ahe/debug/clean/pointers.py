"""The grammar of markers in cleaned text.

    ⟦… 120 lines P⟧       120 lines are not shown (also `… 4000 bytes P` within a line)
    ⟦×12 P⟧               the line above is repeated 12 more times
    ⟦≈ 99 lines P⟧        99 more lines like the ones above: only numbers or names differ
    ⟦blob 4096 bytes P⟧   base64, hex or the like, whose beginning is shown
    ⟦= 12 lines P⟧        the same bytes as at P, where they were first seen
    ⟦= 12 lines Q raw P⟧  the same was shown at Q; its raw bytes, which differ (in colour, for example), are at P
    ⟦~P shown text⟧       the text that a terminal shows for the raw bytes at P

P is a pointer, `LABEL#STEP:A-B`: the bytes [A, B) of a step. A newline directly after a marker belongs to it
if its bytes end with one. Text outside of markers is raw. A text that a terminal changes stands in a `~` region as a
whole; markers inside it lead to the region's bytes too. Raw text that contains ⟦ or ⟧ is shown in a region, as ⟨ and
⟩, so that it cannot forge a marker. Replacing each outermost marker by the bytes at its pointer restores the raw text;
the tests do this (`restored.py`).
"""

from __future__ import annotations

import re
from typing import NamedTuple

OPEN, CLOSE = "⟦", "⟧"
_PLACE = re.compile(r"(.*?)#(\d{1,18})(?::(\d{1,18})-(\d{1,18}))?", re.DOTALL)


class Pointer(NamedTuple):
    """Bytes [start, end) of a step's raw text."""

    label: str
    step: int
    start: int
    end: int

    def __str__(self) -> str:
        return f"{self.label}#{self.step}:{self.start}-{self.end}"


class Place(NamedTuple):
    """What a user names: a trial, a step of it, or a range of bytes in the step; parts not given are None."""

    label: str
    step: int | None = None
    start: int | None = None
    end: int | None = None

    @staticmethod
    def parse(text: str) -> Place:
        """Parse `LABEL`, `LABEL#STEP` or `LABEL#STEP:A-B`. Never raises: what names no step belongs to the label."""
        match = _PLACE.fullmatch(text)
        if match is None:
            return Place(text)
        label, *numbers = match.groups()
        return Place(label, *(None if number is None else int(number) for number in numbers))


def encode(text: str) -> bytes:
    """UTF-8; a surrogate that represents a byte becomes that byte. Readers let no other surrogates through."""
    return text.encode("utf-8", "surrogateescape")


def marker(words: str, pointer: Pointer) -> str:
    """A marker without shown text."""
    return f"{OPEN}{words} {pointer}{CLOSE}"


def region(pointer: Pointer, shown: str) -> str:
    """A region; `shown` may contain markers but no other brackets."""
    return f"{OPEN}~{pointer}{chr(10) if chr(10) in shown else ' '}{shown}{CLOSE}"
