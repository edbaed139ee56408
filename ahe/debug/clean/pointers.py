"""The grammar of markers in cleaned text.

    ⟦… 120 lines P⟧       120 lines are not shown (also `… 4000 bytes P` within a line)
    ⟦×12 P⟧               the line above stands there 12 more times; `×4 of 3 lines`: the three lines above
    ⟦≈ 99 lines P⟧        99 more lines like the ones above: only numbers or names differ
    ⟦blob 4096 bytes P⟧   base64, hex or the like, whose beginning is shown
    ⟦= 12 lines P⟧        the same bytes stand at P, where they were seen first
    ⟦= 12 lines Q raw P⟧  the same was shown at Q; its raw bytes, which differ in colour say, are at P
    ⟦~P shown text⟧       what stands between is what a terminal made of the raw bytes at P

P is a pointer, `LABEL#STEP:A-B`: the bytes [A, B) of a step. A newline straight after a marker belongs to it
where its bytes end with one. Text outside of markers is raw. Markers inside a `~` region only inform: the region's
own pointer covers them. Raw text that holds ⟦ or ⟧ is shown in a region, as ⟨ and ⟩; so no marker is ever forged.
Replacing each outermost marker by the bytes at its pointer gives back the raw text; the tests do so (`restored.py`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OPEN, CLOSE = "⟦", "⟧"
LEGEND = (
    "⟦… N lines P⟧ left out · ⟦×N P⟧ the line above N more times · ⟦≈ N lines P⟧ more of the same kind · "
    "⟦= N lines P⟧ seen before at P · ⟦~P text⟧ as a terminal shows it · P is TRIAL#STEP:bytes, read it with "
    "`ahe trace P --raw`"
)
_BRACKETS = str.maketrans("⟦⟧", "⟨⟩")
_PLACE = re.compile(
    r"(?P<label>.*?)#(?P<step>\d{1,18})(?::(?P<start>\d{1,18})-(?P<end>\d{1,18}))?", re.DOTALL
)
_ODD = re.compile(r"[\s\x00-\x20\x7f⟦⟧\ud800-\udfff]|%(?=[0-9A-Fa-f]{2})")
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
        return f"{quoted(self.label)}#{self.step}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Place:
    """What a person names: a trial, a step of it, or a range of bytes in that; None where it is not said."""

    label: str
    step: int | None = None
    start: int | None = None
    end: int | None = None

    @staticmethod
    def parse(text: str) -> Place:
        """`LABEL`, `LABEL#STEP` or `LABEL#STEP:A-B`. Raises nothing: what does not name a step belongs to the label."""
        match = _PLACE.fullmatch(text)
        if match is None:
            return Place(unquoted(text))
        start, end = match["start"], match["end"]
        span = (int(start), int(end)) if start else (None, None)
        return Place(unquoted(match["label"]), int(match["step"]), *span)


def encode(text: str) -> bytes:
    """UTF-8, where surrogates that stand for a byte become that byte and other lone ones their three bytes."""
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return settled(text).encode("utf-8", "surrogateescape")


def settled(text: str) -> str:
    """The text with each surrogate that stands for no byte written as three that do, so that it can be encoded."""
    return _LONE.sub(lambda m: m[0].encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape"), text)


def quoted(label: str) -> str:
    """A label as pointers hold it: white space, brackets and the like as %XX."""
    return _ODD.sub(lambda m: "".join(f"%{byte:02X}" for byte in encode(m[0])), label)


def unquoted(label: str) -> str:
    """The label that `quoted` was given."""
    if "%" not in label:
        return label
    return _CODED.sub(lambda m: bytes([int(m[1], 16)]), encode(label)).decode("utf-8", "surrogateescape")


def without_brackets(text: str) -> str:
    """Text for a region: it may hold no bracket of a marker."""
    return text.translate(_BRACKETS) if OPEN in text or CLOSE in text else text


def marker(words: str, pointer: Pointer, seen: Pointer | None = None) -> str:
    """A marker without shown text."""
    return f"{OPEN}{words} {seen} raw {pointer}{CLOSE}" if seen else f"{OPEN}{words} {pointer}{CLOSE}"


def region(pointer: Pointer, shown: str) -> str:
    """A region; `shown` has its own markers in it, and otherwise no brackets."""
    return f"{OPEN}~{pointer}{chr(10) if chr(10) in shown else ' '}{shown}{CLOSE}"
