"""The grammar of markers in cleaned text.

    ⟦… 120 lines P⟧       120 lines are not shown (also `… 4000 bytes P` within a line)
    ⟦×12 P⟧               the line above is repeated 12 more times
    ⟦≈ 99 lines P⟧        99 more lines like the ones above: only numbers or names differ
    ⟦blob 4096 bytes P⟧   base64, hex or the like, whose beginning is shown
    ⟦= 12 lines P⟧        the same bytes as at P, where they were first seen
    ⟦= 12 lines Q raw P⟧  the same was shown at Q; its raw bytes, which differ (in colour, for example), are at P
    ⟦~P shown text⟧       the text that a terminal shows for the raw bytes at P

P is a pointer, `LABEL#STEP:A-B`: the bytes [A, B) of a step. A newline directly after a marker belongs to it
if its bytes end with one. Text outside of markers is raw. Markers inside a `~` region are informative only: the
region's own pointer covers their bytes. Raw text that contains ⟦ or ⟧ is shown in a region, as ⟨ and ⟩, so that it
cannot forge a marker. Replacing each outermost marker by the bytes at its pointer restores the raw text; the tests do
this (`restored.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OPEN, CLOSE = "⟦", "⟧"
_BRACKETS = str.maketrans("⟦⟧", "⟨⟩")
_PLACE = re.compile(
    r"(?P<label>.*?)#(?P<step>\d{1,18})(?::(?P<start>\d{1,18})-(?P<end>\d{1,18}))?", re.DOTALL
)
_ESCAPED = re.compile(r"[\s\x00-\x20\x7f⟦⟧\ud800-\udfff]|%(?=[0-9A-Fa-f]{2})")
_CODED = re.compile(rb"%([0-9A-Fa-f]{2})")
_LONE = re.compile("[\ud800-\udc7f\udd00-\udfff]+")


@dataclass(frozen=True, slots=True, order=True)
class Pointer:
    """Bytes [start, end) of a step's raw text."""

    label: str
    step: int
    start: int
    end: int

    def __str__(self) -> str:
        return f"{escaped(self.label)}#{self.step}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Place:
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
            return Place(unescaped(text))
        start, end = match["start"], match["end"]
        span = (int(start), int(end)) if start else (None, None)
        return Place(unescaped(match["label"]), int(match["step"]), *span)


def encode(text: str) -> bytes:
    """UTF-8; a surrogate that represents a byte becomes that byte, any other lone surrogate its three bytes."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return with_byte_surrogates(text).encode("utf-8", "surrogateescape")


def with_byte_surrogates(text: str) -> str:
    """The text, made encodable: each lone surrogate that represents no byte becomes three that represent its bytes."""
    return _LONE.sub(lambda m: m[0].encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"), text)


def escaped(label: str) -> str:
    """A label as written in pointers: white space, brackets and the like as %XX."""
    return _ESCAPED.sub(lambda m: "".join(f"%{byte:02X}" for byte in encode(m[0])), label)


def unescaped(label: str) -> str:
    """The label that `escaped` escaped."""
    if "%" not in label:
        return label
    return _CODED.sub(lambda m: bytes([int(m[1], 16)]), encode(label)).decode("utf-8", "surrogateescape")


def without_brackets(text: str) -> str:
    """The text with marker brackets replaced, for use in a region."""
    return text.translate(_BRACKETS) if OPEN in text or CLOSE in text else text


def marker(words: str, pointer: Pointer, seen: Pointer | None = None) -> str:
    """A marker without shown text."""
    return f"{OPEN}{words} {seen} raw {pointer}{CLOSE}" if seen else f"{OPEN}{words} {pointer}{CLOSE}"


def region(pointer: Pointer, shown: str) -> str:
    """A region; `shown` may contain markers but no other brackets."""
    return f"{OPEN}~{pointer}{chr(10) if chr(10) in shown else ' '}{shown}{CLOSE}"
