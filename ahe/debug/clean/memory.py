"""Remembers what one task's rollouts have shown so far, to find repetitions.

Lines are compared by number: equal lines have equal numbers, so a match is never a hash collision. The time is linear
in the lines, and memory is bounded: after that, new lines are only compared with the remembered ones.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from ahe.debug.clean.repeats import Fold, size

WINDOW, BLOCK = 3, 200
"""The least number of lines, and of characters in them, that a pointer to an earlier occurrence is worth."""
LONE = 400
"""The same for a single line, in characters."""
LINES, CHARACTERS = 150_000, 16_000_000
"""Most lines and characters of a task that are remembered: about 80 MB."""
_BITS = 28


@dataclass(frozen=True, slots=True)
class Message:
    """A remembered message: the position of its first line in the memory, its step, and its lines' byte ranges.

    `plain` says that its rows are equal to its raw text.
    """

    base: int
    label: str
    step: int
    starts: array[int]
    ends: array[int]
    plain: bool


class Memory:
    """The lines of one task's rollouts so far."""

    def __init__(self) -> None:
        self._numbers: defaultdict[str, int] = defaultdict(count().__next__)
        self._windows: dict[int, int] = {}
        self._lone: dict[int, int] = {}
        self._lines: array[int] = array("q")
        self._messages: list[Message] = []
        self._bases: list[int] = []
        self._characters = 0
        self._current = 0

    def number(self, lines: Sequence[str]) -> list[int]:
        """A number for each line; equal lines have equal numbers. Lines that are not remembered have negative ones."""
        known = self._numbers
        characters = sum(map(len, lines))
        if len(self._lines) + len(lines) <= LINES and self._characters + characters <= CHARACTERS:
            self._characters += characters
            return list(map(known.__getitem__, lines))
        passing: dict[str, int] = {}
        return [known[li] if li in known else passing.setdefault(li, -2 - len(passing)) for li in lines]

    def learn(self, lines: Sequence[str], ids: Sequence[int], message: Message) -> list[int]:
        """Remember a numbered message. Returns for each line the position where equal lines began before, or -1."""
        keys = [a << 2 * _BITS | b << _BITS | c for a, b, c in zip(ids, ids[1:], ids[2:], strict=False)]
        lone: tuple[int, ...] = ()
        if max(map(len, lines), default=0) >= LONE:
            lone = tuple(at for at, line in enumerate(lines) if len(line) >= LONE)
        self._current = base = len(self._lines)
        if ids and min(ids) < 0:
            window, single = self._windows.get, self._lone.get
            found = [window(key, -1) for key in keys] + [-1] * min(2, len(ids))
            for at in lone:
                if found[at] < 0:
                    found[at] = single(ids[at], -1)
            return found
        self._lines.extend(ids)
        self._lines.append(-1)
        self._messages.append(message)
        self._bases.append(base)
        add = self._windows.setdefault
        found = [add(key, at) for key, at in zip(keys, count(base), strict=False)]
        found = [seen if seen < at else -1 for seen, at in zip(found, count(base), strict=False)]
        found += [-1] * (len(ids) - len(found))
        for at in lone:
            seen = self._lone.setdefault(ids[at], base + at)
            if found[at] < 0 and seen < base + at:
                found[at] = seen
        return found

    def next_base(self) -> int:
        """The position of the next message's first line."""
        return len(self._lines)

    def seen_before(
        self, lines: Sequence[str], ids: Sequence[int], found: Sequence[int], gone: bytearray, spared: int
    ) -> list[Fold]:
        """Folds for parts of the message just learned that occurred before, outside of lines that are `gone`.

        The first `spared` lines of each part stay visible, so that a reader sees what is repeated.
        """
        folds: list[Fold] = []
        free = 0
        for at in [at for at, seen in enumerate(found) if seen >= 0]:
            if at < free or gone[at]:
                continue
            wall = gone.find(1, at)
            length = self._extent(found[at], ids, at, len(ids) if wall < 0 else wall)
            start, end = at + spared, at + length
            enough = end - start >= WINDOW or (end > start and len(lines[start]) >= LONE)
            if enough and size(lines, start, end) >= BLOCK:
                folds.append(Fold(start, end, f"= {end - start} lines", found[at] + spared))
                free = end
        return folds

    def where(self, seen: int, length: int) -> tuple[Message, int, int]:
        """The message that contains the lines at a position, and their bytes [start, end) in its step."""
        message = self._messages[bisect_right(self._bases, seen) - 1]
        first = seen - message.base
        return message, message.starts[first], message.ends[first + length - 1]

    def _extent(self, seen: int, ids: Sequence[int], at: int, end: int) -> int:
        """How many lines from `at`, before `end`, equal those from `seen` on, without overlapping them."""
        known = self._lines
        limit = end - at
        if seen >= self._current:
            limit = min(limit, self._current + at - seen)
        length = 0
        while length < limit and known[seen + length] == ids[at + length]:
            length += 1
        return length
