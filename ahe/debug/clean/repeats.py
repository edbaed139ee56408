"""Repetition within a message: equal lines, equal blocks, progress lines, blobs. Linear in the lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

WORTH = 60
"""Characters that a fold must save: about the cost of a marker."""
NEAR, NUMBERS = 8, 40
"""Least number of lines folded if they differ only in numbers: with words in them, and without."""
PERIOD = 40

_DIGITS = b"0123456789"
_VERBS = (
    "Adding|Building|Checking|Collecting|Compiling|Configuring|Copying|Created|Creating|Documenting|Downloaded|"
    "Downloading|Extracting|Fetched|Fetching|Fresh|Generating|Get:\\d+|Hit:\\d+|Inflating|Installing|Linking|"
    "Preparing|Processing|Pulling|Reading|Removing|Requirement already satisfied|Resolving|Running setup|"
    "Selecting|Setting up|Stored|Unpacking|Updating|Using cached|Verifying|Writing|add|added|adding|copying|"
    "creating|deflating|extracting|inflating|npm http|reading|removing|writing|x|"
    "AR|CC|CXX|HOSTCC|LD|OBJCOPY|\\[ *\\d+(?:%|/\\d+)\\] (?:Building|Linking|Compiling|Generating|Built target)"
)
_ROW = re.compile(
    rf"(?P<near>[ \t]*(?:{_VERBS})[ \t:])|(?P<blob>[A-Za-z0-9+/=_-]{{60,}}$)"
    r"|(?P<dump>[0-9a-f]{7,16}:?[ \t]+(?:[0-9a-f]{2,8}[ \t]+){4})"
)
ROW = 8
"""Least number of consecutive lines of one kind that are folded."""
_WORDS = re.compile(rb"[A-Za-z]{2}.*[A-Za-z]{2}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines [start, end) that are hidden, the marker's words, and the position in the memory of lines seen before."""

    start: int
    end: int
    words: str
    seen: int = -1

    @property
    def needs_line_above(self) -> bool:
        """Whether the marker is only understandable with the line above it."""
        return self.words[0] in "×≈b"


def folds(lines: Sequence[str], ids: Sequence[int]) -> list[Fold]:
    """The folds of repetitions within a message, ordered, without overlap; `ids` are the lines' numbers."""
    found: list[Fold] = []
    if len(lines) < 3:
        return found
    gone = bytearray(len(lines))
    if len(set(ids)) < len(ids):
        _take(_blocks(lines, ids), found, gone)
    _take(_runs(lines, ids), found, gone)
    _take(_alike(lines), found, gone)
    return sorted(found, key=lambda fold: fold.start)


def _take(more: list[Fold], found: list[Fold], gone: bytearray) -> None:
    for fold in more:
        if gone.find(1, fold.start, fold.end) < 0:
            found.append(fold)
            gone[fold.start : fold.end] = b"\1" * (fold.end - fold.start)


def _blocks(lines: Sequence[str], ids: Sequence[int]) -> list[Fold]:
    """Blocks of 2 to `PERIOD` lines that are repeated immediately."""
    found = []
    last: dict[int, int] = {}
    at = 0
    while at < len(ids):
        before = last.get(ids[at], at)
        period = at - before
        if 2 <= period <= PERIOD and ids[before:at] == ids[at : at + period]:
            end = at + period
            while ids[end : end + period] == ids[before:at]:
                end += period
            if size(lines, at, end) >= WORTH:
                found.append(Fold(at, end, f"×{(end - at) // period} of {period} lines"))
            last.update(zip(ids[at:end], range(at, end), strict=True))
            at = end
        else:
            last[ids[at]] = at
            at += 1
    return found


def _runs(lines: Sequence[str], ids: Sequence[int]) -> list[Fold]:
    """Consecutive equal lines, and many consecutive lines that differ only in their numbers."""
    found = []
    plain = "\n".join(lines).encode("utf-8", "surrogateescape").translate(None, _DIGITS).split(b"\n")
    end = 0
    for again in [
        at for at, (line, before) in enumerate(zip(plain[1:], plain, strict=False), 1) if line == before
    ]:
        if again < end:
            continue
        start = again - 1
        line = plain[start]
        end = again + 1
        while end < len(plain) and plain[end] == line:
            end += 1
        length = end - start
        if length >= 3:
            if ids[start] == ids[end - 1] and len(set(ids[start:end])) == 1:
                found.append(Fold(start + 1, end, f"×{length - 1}"))
            elif length >= (NEAR if _WORDS.search(line) else NUMBERS):
                found.append(Fold(start + 2, end - 1, f"≈ {length - 3} lines"))
    return [fold for fold in found if size(lines, fold.start, fold.end) >= WORTH]


def _alike(lines: Sequence[str]) -> list[Fold]:
    """Progress lines with names in them, and blobs of several lines."""
    found = []
    end = 0
    # Among `ROW` consecutive lines there is one whose number is a multiple of ROW // 2.
    for at in range(ROW // 2, len(lines), ROW // 2):
        if at < end or not (match := _ROW.match(lines[at])):
            continue
        kind = match.lastgroup
        start, end = at, at + 1
        while start and (match := _ROW.match(lines[start - 1])) and match.lastgroup == kind:
            start -= 1
        while end < len(lines) and (match := _ROW.match(lines[end])) and match.lastgroup == kind:
            end += 1
        if end - start < ROW:
            continue
        if kind == "near":
            found.append(Fold(start + 2, end - 1, f"≈ {end - start - 3} lines"))
        elif kind == "dump" or _is_blob("".join(lines[start : start + 20])):
            found.append(Fold(start + 1, end, f"blob {end - start - 1} lines"))
    return found


def _is_blob(text: str) -> bool:
    """Whether letters, digits and slashes are mixed as in base64 or hex, not as in paths or rulers."""
    sample = text[:2_000]
    digits = sum(map(str.isdigit, sample))
    return digits * 20 > len(sample) and sample.count("/") * 12 < len(sample)


def size(lines: Sequence[str], start: int, end: int) -> int:
    """Characters of lines [start, end), newlines included."""
    return sum(map(len, lines[start:end])) + end - start
