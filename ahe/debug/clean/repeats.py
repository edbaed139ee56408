"""Repetition: consecutive lines that are alike, and lines that an earlier message of the task showed already.

Lines are alike if they differ only in numbers, begin with the same verb of a progress log, or are parts of one blob.
The memory is bounded: what comes after that is compared with what is remembered, and not remembered itself.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

WORTH = 60
"""Characters that a fold must save: about the cost of a marker."""
ALIKE, NUMBERS = 8, 40
"""Least number of lines folded if they are not equal: with words in them, and of numbers alone."""
WINDOW, BLOCK, LONE = 3, 200, 400
"""Lines, and characters in them, that a pointer to an earlier occurrence is worth; characters of a single line."""
LINES, CHARACTERS = 150_000, 16_000_000
"""Most lines and characters of a task that are remembered: about 80 MB."""
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


@dataclass(frozen=True, slots=True)
class Fold:
    """Lines [start, end) that are hidden, the marker's words, and where they were seen before: message and line."""

    start: int
    end: int
    words: str
    seen: tuple[int, int] | None = None

    @property
    def needs_line_above(self) -> bool:
        """Whether the marker is only understandable with the line above it."""
        return self.words[0] in "×≈b"


def folds(lines: Sequence[str]) -> list[Fold]:
    """The folds of lines that are alike, ordered, without overlap."""
    found = []
    end = 0
    plain = "\n".join(lines).translate(_DIGITS).split("\n")
    for kind, group in groupby(map(_kind, lines, plain)):
        start, end = end, end + sum(1 for _ in group)
        length = end - start
        if length < 3 or (length < ALIKE and lines[start] != lines[end - 1]):
            continue
        if len(set(lines[start:end])) == 1:
            fold = Fold(start + 1, end, f"×{length - 1}")
        elif kind == "blob":
            fold = Fold(start + 1, end, f"blob {length - 1} lines")
        elif length >= (ALIKE if _WORDS.search(kind) else NUMBERS):
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


@dataclass(frozen=True, slots=True)
class Message:
    """A remembered message: its lines with their byte ranges in a step. `plain`: the lines equal its raw text."""

    label: str
    step: int
    lines: Sequence[str]
    starts: array[int]
    ends: array[int]
    plain: bool


class Memory:
    """What one task's rollouts have shown so far."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._windows: dict[int, tuple[int, int]] = {}
        self._left = [LINES, CHARACTERS]

    def seen_before(self, message: Message, gone: bytearray, spared: int) -> Iterator[Fold]:
        """Folds for parts of a message that earlier ones showed, outside of lines that are `gone`; then remembers it.

        The first `spared` lines of each part stay visible, so that a reader sees what is repeated.
        """
        lines = message.lines
        keys = [hash(window) for window in zip(lines, lines[1:], lines[2:], strict=False)]
        keys += [hash(line) if len(line) >= LONE else 0 for line in lines[len(keys) :]]
        free = 0
        for at, key in enumerate(keys):
            if at >= free and not gone[at] and (seen := self._windows.get(key)) is not None:
                start, end = at + spared, at + self._extent(seen, lines, at, gone)
                enough = end - start >= WINDOW or (end > start and len(lines[start]) >= LONE)
                if enough and size(lines, start, end) >= BLOCK:
                    yield Fold(start, end, f"= {end - start} lines", (seen[0], seen[1] + spared))
                    free = end
        self._left = [self._left[0] - len(lines), self._left[1] - size(lines, 0, len(lines))]
        if min(self._left) >= 0:
            for at, key in enumerate(keys):
                if key:
                    self._windows.setdefault(key, (len(self.messages), at))
            self.messages.append(message)

    def _extent(self, seen: tuple[int, int], lines: Sequence[str], at: int, gone: bytearray) -> int:
        """How many lines from `at` on equal those seen before."""
        known, first = self.messages[seen[0]].lines, seen[1]
        wall = gone.find(1, at)
        most = min((wall if wall >= 0 else len(lines)) - at, len(known) - first)
        return next((n for n in range(most) if known[first + n] != lines[at + n]), most)
