"""Repetition: consecutive lines that are alike, and lines that an earlier message of the task showed already.

Lines are alike if they differ only in numbers, begin with the same verb of a progress log, or are parts of one blob.
The memory is bounded: what comes after that is compared with what is remembered, and not remembered itself.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from ahe.debug.clean.pointers import Pointer

WORTH = 60
"""Characters that a fold must save: about the cost of a marker."""
ALIKE, NUMBERS = 8, 40
"""Least number of lines folded if they are not equal: with words in them, and of numbers alone."""
WINDOW, BLOCK, LONE = 3, 200, 400
"""Lines, and characters in them, that a pointer to an earlier occurrence is worth; characters of a single line."""
REMEMBERED, LINE = 30_000_000, 100
"""Characters of a task that are remembered, about 80 MB, and what a line counts beside its own characters."""
_VERB = re.compile(
    r"\s*(Adding|Building|Checking|Collecting|Compiling|Configuring|Copying|Creat(?:ed|ing)|Documenting|Extracting"
    r"|Download(?:ed|ing)|Fetch(?:ed|ing)|Fresh|Generating|Get:|Hit:|[Ii]nflating|Installing|Linking|Preparing"
    r"|Processing|Pulling|[Rr]eading|[Rr]emoving|Requirement already|Resolving|Selecting|Setting up|Unpacking|Updating"
    r"|Using cached|Verifying|[Ww]riting|add(?:ed|ing)?|copying|creating|deflating|extracting|x|AR|CC|CXX|LD"
    r"|\[ *\d+(?:%|/\d+)\])[ \t:\d]"
)
_BLOB = re.compile(r"[A-Za-z0-9+/=_-]{60,}$|[0-9a-f]{7,16}:?[ \t]+(?:[0-9a-f]{2,8}[ \t]+){4}")
_DIGITS = str.maketrans("", "", "0123456789")
_WORDS = re.compile(r"[A-Za-z]{2}.*[A-Za-z]{2}", re.DOTALL)


class Message(NamedTuple):
    """The rows of a text in a step. `plain`: they are its raw text, and row n has the bytes from `bounds[n]` on.

    Of a text that a terminal changed, `bounds` are only its first byte and its end.
    """

    label: str
    step: int
    rows: list[str]
    bounds: array[int]
    plain: bool

    def pointer(self, start: int, end: int) -> Pointer:
        """Where the raw bytes of rows [start, end) stand; if a terminal changed the text, those of the whole text."""
        first, last = (start, end) if self.plain else (0, 1)
        return Pointer(self.label, self.step, self.bounds[first], self.bounds[last])


class Fold(NamedTuple):
    """Lines [start, end) that are hidden, the marker's words, and where the same bytes were seen before, if so."""

    start: int
    end: int
    words: str
    place: Pointer | None = None


def folds(lines: Sequence[str]) -> list[Fold]:
    """The folds of lines that are alike, ordered, without overlap."""
    found = []
    end = 0
    plain = "\n".join(lines).translate(_DIGITS).split("\n")
    for kind, group in groupby(map(_kind, lines, plain)):
        start, end = end, end + sum(1 for _ in group)
        length = end - start
        if length >= 3 and len(set(lines[start:end])) == 1:
            fold = Fold(start + 1, end, f"×{length - 1}")
        elif length >= ALIKE and kind == "blob":
            fold = Fold(start + 1, end, f"blob {length - 1} lines")
        elif length >= NUMBERS or (length >= ALIKE and _WORDS.search(kind)):
            fold = Fold(start + 2, end - 1, f"≈ {length - 3} lines")
        else:
            continue
        found += [fold] if size(lines, fold.start, fold.end) >= WORTH else []
    return found


def _kind(line: str, plain: str) -> str:
    """What makes a line like its neighbours; `plain` is the line without digits."""
    if (match := _VERB.match(line)) is not None:
        return f"{match[1].translate(_DIGITS)} something"
    return "blob" if len(line) >= 30 and _BLOB.match(line) else plain


def size(lines: Sequence[str], start: int, end: int) -> int:
    """Characters of lines [start, end), newlines included."""
    return sum(map(len, lines[start:end])) + end - start


def visible(lines: Sequence[str], hidden: Iterable[Fold]) -> int:
    """Characters of the lines that no fold hides."""
    return size(lines, 0, len(lines)) - sum(size(lines, fold.start, fold.end) for fold in hidden)


class Memory:
    """What one task's rollouts have shown so far."""

    def __init__(self) -> None:
        self._windows: dict[int, tuple[Message, int]] = {}
        self._left = REMEMBERED

    def seen_before(self, message: Message, folded: Iterable[Fold], spared: int) -> list[Fold]:
        """Folds for parts of a message that earlier ones showed, outside of lines that are folded; then remembers it.

        The first `spared` lines of each part stay visible, so that a reader sees what is repeated.
        """
        lines = message.rows
        keys = [hash(window) for window in zip(lines, lines[1:], lines[2:], strict=False)]
        keys += [hash(line) if len(line) >= LONE else 0 for line in lines[len(keys) :]]
        found = []
        at = 0
        for wall, beyond in [*((fold.start, fold.end) for fold in folded), (len(lines), len(lines))]:
            while at < wall:
                known = self._windows.get(keys[at])
                start, end = at + spared, at + (_equal(known, lines, at, wall) if known else 0)
                enough = end - start >= WINDOW or (end > start and len(lines[start]) >= LONE)
                if known and enough and size(lines, start, end) >= BLOCK:
                    found.append(_seen(message, start, end, known[0], known[1] + spared))
                    at = end
                else:
                    at += 1
            at = beyond
        self._left -= size(lines, 0, len(lines)) + LINE * len(lines)
        if self._left >= 0:
            for at, key in enumerate(keys):
                if key:
                    self._windows.setdefault(key, (message, at))
        return found


def _equal(known: tuple[Message, int], lines: Sequence[str], at: int, wall: int) -> int:
    """How many lines from `at` on, at most to `wall`, equal the known ones."""
    rows, first = known[0].rows, known[1]
    most = min(wall - at, len(rows) - first)
    return next((n for n in range(most) if rows[first + n] != lines[at + n]), most)


def _seen(message: Message, start: int, end: int, earlier: Message, first: int) -> Fold:
    """The fold of rows [start, end) that are those of an earlier message from row `first` on."""
    own, seen = message.pointer(start, end), earlier.pointer(first, first + end - start)
    if message.plain and earlier.plain and own.end - own.start == seen.end - seen.start:
        return Fold(start, end, f"= {end - start} lines", seen)
    return Fold(start, end, f"= {end - start} lines {seen} raw")
