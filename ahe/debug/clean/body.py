"""One text of a step while it is cleaned: its rows with their byte ranges, its folds, and the text with markers."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import accumulate
from operator import attrgetter

from ahe.debug.clean.memory import Memory, Message
from ahe.debug.clean.pointers import (
    CLOSE,
    OPEN,
    Pointer,
    encode,
    marker,
    region,
    with_byte_surrogates,
    without_brackets,
)
from ahe.debug.clean.repeats import Fold, size
from ahe.debug.clean.terminal import Shown, show
from ahe.debug.clean.trim import LONG, cuts_of

GAP_LINES, GAP = 8, 400
"""Two regions become one when at most this many unchanged lines, and characters in them, lie between them."""


class Body:
    """A text that begins at byte `base` of its step."""

    def __init__(self, raw: str, label: str, step: int, base: int) -> None:
        self.raw = raw if raw.isascii() else with_byte_surrogates(raw)
        self.label, self.step, self.base = label, step, base
        self.shown = show(self.raw)
        if OPEN in self.raw or CLOSE in self.raw:
            _unbracket(self.shown)
        self.rows = self.shown.rows
        self.starts, self.ends = _bytes(self.raw, self.shown, base)
        self.end = self.ends[-1] if self.ends else base
        self.folds: list[Fold] = []
        self.marks: list[str] = []

    @property
    def plain(self) -> bool:
        return not self.shown.changed

    def message(self, base: int) -> Message:
        """The message for the memory; `base` is the number of its first line there."""
        return Message(
            base, self.label, self.step, array("q", self.starts), array("q", self.ends), self.plain
        )

    def shorten(self, longest: int) -> None:
        """Cut blobs and the middle of long rows. Call it last: afterwards the rows are incomplete."""
        least = min(longest, LONG)
        if max(map(len, self.rows), default=0) <= least:
            return
        changed = set(self.shown.changed)
        self.rows = list(self.rows)
        for at, row in enumerate(self.rows):
            if len(row) > least and (cuts := cuts_of(row, longest)):
                self.rows[at] = self._with_cuts(at, row, cuts, at in changed)

    def _with_cuts(self, at: int, row: str, cuts: list[tuple[int, int, str]], changed: bool) -> str:
        parts = []
        done = 0
        for start, end, words in cuts:
            inside = encode(row[start:end])
            first = self.starts[at] + len(encode(row[:start]))
            span = (self.starts[at], self.ends[at]) if changed else (first, first + len(inside))
            pointer = Pointer(self.label, self.step, *span)
            parts += [row[done:start], marker(f"{words} {len(inside)} bytes", pointer)]
            done = end
        return "".join([*parts, row[done:]])

    def pointer(self, start: int, end: int) -> Pointer:
        """The pointer to the raw bytes of rows [start, end)."""
        return Pointer(self.label, self.step, self.starts[start], self.ends[end - 1])

    def length(self) -> int:
        """Characters that are shown, not counting markers."""
        return size(self.rows, 0, len(self.rows)) - sum(size(self.rows, f.start, f.end) for f in self.folds)

    def text(self, memory: Memory) -> str:
        """The cleaned text with its markers."""
        self.marks = [self._marker(memory, fold) for fold in self.folds]
        parts = []
        at = 0
        for start, end in self._regions():
            parts.append(self._flow(at, start, inside=False))
            shown = self._flow(start, end, inside=True)
            parts += [region(self.pointer(start, end), shown), self._break(end)]
            at = end
        return "".join([*parts, self._flow(at, len(self.rows), inside=False)])

    def _flow(self, start: int, end: int, inside: bool) -> str:
        """Rows [start, end) with the markers of their folds; inside a region without the last newline."""
        parts = []
        at = start
        for number in range(*self._among(start, end)):
            fold = self.folds[number]
            if at < fold.start:
                parts += ["\n".join(self.rows[at : fold.start]), "\n"]
            parts += [self.marks[number], "\n" if inside else self._break(fold.end)]
            at = fold.end
        if at < end:
            parts += ["\n".join(self.rows[at:end]), "\n" if inside else self._break(end)]
        return "".join(parts[:-1] if inside else parts)

    def _break(self, end: int) -> str:
        """A newline if the raw text of the row before `end` ends with one."""
        start, stop = self.shown.starts[end - 1], self.shown.ends[end - 1]
        return "\n" if stop > start and self.raw[stop - 1] == "\n" else ""

    def _marker(self, memory: Memory, fold: Fold) -> str:
        own = self.pointer(fold.start, fold.end)
        if fold.seen < 0:
            return marker(fold.words, own)
        message, start, end = memory.where(fold.seen, fold.end - fold.start)
        seen = Pointer(message.label, message.step, start, end)
        if message.plain and self.plain and end - start == own.end - own.start:
            return marker(fold.words, seen)
        return marker(fold.words, own, seen)

    def _regions(self) -> list[tuple[int, int]]:
        """Rows [start, end) of each region: shown rows that differ from their raw text, with the rows close to them."""
        changed = self.shown.changed
        if not changed:
            return []
        gone = bytearray(len(self.rows))
        for fold in self.folds:
            gone[fold.start : fold.end] = b"\1" * (fold.end - fold.start)
        spans = [(row, row + 1) for row in changed if not gone[row]]
        spans += [self._around(*drawn) for drawn in self._drawn() if self._split(*drawn)]
        spans.sort()
        merged: list[tuple[int, int]] = []
        for start, end in spans:
            if merged and self._near(merged[-1][1], start):
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((start, end))
        return merged

    def _near(self, end: int, start: int) -> bool:
        return start - end <= GAP_LINES and (start <= end or size(self.rows, end, start) <= GAP)

    def _drawn(self) -> list[tuple[int, int]]:
        """Rows [start, end) of each group of several rows that were drawn together."""
        found: list[tuple[int, int]] = []
        for row in self.shown.changed:
            if row and (self.starts[row], self.ends[row]) == (self.starts[row - 1], self.ends[row - 1]):
                if found and found[-1][1] == row:
                    found[-1] = (found[-1][0], row + 1)
                else:
                    found.append((row - 1, row + 1))
        return found

    def _split(self, start: int, end: int) -> bool:
        """Whether no single fold covers all of these rows."""
        return not any(fold.start <= start and end <= fold.end for fold in self._over(start, end))

    def _among(self, start: int, end: int) -> tuple[int, int]:
        """The numbers [first, last) of the folds that start in these rows."""
        begin = attrgetter("start")
        return bisect_left(self.folds, start, key=begin), bisect_left(self.folds, end, key=begin)

    def _over(self, start: int, end: int) -> list[Fold]:
        """The folds that cover some of these rows."""
        first, last = self._among(start, end)
        return [fold for fold in self.folds[max(0, first - 1) : last] if fold.end > start]

    def _around(self, start: int, end: int) -> tuple[int, int]:
        """The rows extended by the folds that cover some of them."""
        over = self._over(start, end)
        return min([start, *(f.start for f in over)]), max([end, *(f.end for f in over)])


def _bytes(raw: str, shown: Shown, base: int) -> tuple[list[int], list[int]]:
    """The byte ranges of the rows within the step."""
    if raw.isascii():
        if not base:
            return shown.starts, shown.ends
        return [at + base for at in shown.starts], [at + base for at in shown.ends]
    if not shown.changed:
        bounds = list(accumulate([len(row.encode()) + 1 for row in shown.rows], initial=base))
        if not raw.endswith("\n"):
            bounds[-1] -= 1
        return bounds[:-1], bounds[1:]
    starts, ends = [], []
    before = (0, 0)
    first = last = base
    for start, end in zip(shown.starts, shown.ends, strict=True):
        if (start, end) != before:
            first, last = last, last + len(raw[start:end].encode("utf-8", "surrogateescape"))
            before = (start, end)
        starts.append(first)
        ends.append(last)
    return starts, ends


def _unbracket(shown: Shown) -> None:
    """Show raw brackets as other characters, so that none is mistaken for a marker."""
    changed = set(shown.changed)
    for at, row in enumerate(shown.rows):
        if OPEN in row or CLOSE in row:
            shown.rows[at] = without_brackets(row)
            changed.add(at)
    shown.changed = sorted(changed)
