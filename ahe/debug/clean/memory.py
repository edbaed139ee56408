"""What one task's rollouts have shown so far, to know what comes again.

Lines are compared by number: equal lines have equal numbers, so no match is an accident of hashing. All is linear in
the lines, and what is remembered is bounded: later lines are compared with the first ones.
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
"""Lines, and characters in them, from which on it is worth pointing to where they were seen before."""
LONE = 400
"""Characters of a single line from which on that is worth it."""
LINES, CHARACTERS = 150_000, 16_000_000
"""Of a task that are remembered: at most about 80 MB."""
_BITS = 28


@dataclass(frozen=True, slots=True)
class Message:
    """A message that is remembered: the number of its first line, where it stands, and its lines' byte ranges.

    `plain` says that all of it was shown just as it is.
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
        """A number for each line; equal lines have equal ones. Those that are not remembered are below 0."""
        known = self._numbers
        characters = sum(map(len, lines))
        if len(self._lines) + len(lines) <= LINES and self._characters + characters <= CHARACTERS:
            self._characters += characters
            return list(map(known.__getitem__, lines))
        passing: dict[str, int] = {}
        return [known[li] if li in known else passing.setdefault(li, -2 - len(passing)) for li in lines]

    def learn(self, lines: Sequence[str], ids: Sequence[int], message: Message) -> list[int]:
        """Remember a numbered message. For each line: the place of an earlier stretch that starts as it does, or -1."""
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
        """The place of the next message's first line."""
        return len(self._lines)

    def seen_before(
        self, lines: Sequence[str], ids: Sequence[int], found: Sequence[int], gone: bytearray, spared: int
    ) -> list[Fold]:
        """The stretches of the message just learned that stand in the memory, outside of what is `gone`.

        `spared` lines at the start of each stay, so that a reader sees what it is that comes again.
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
        """The message in which lines stand, by place, and their bytes [start, end) in its step."""
        message = self._messages[bisect_right(self._bases, seen) - 1]
        first = seen - message.base
        return message, message.starts[first], message.ends[first + length - 1]

    def _extent(self, seen: int, ids: Sequence[int], at: int, end: int) -> int:
        """How many lines from `at`, before `end`, equal those from `seen`, which they may not run into."""
        known = self._lines
        limit = end - at
        if seen >= self._current:
            limit = min(limit, self._current + at - seen)
        length = 0
        while length < limit and known[seen + length] == ids[at + length]:
            length += 1
        return length
