"""One text of a step while it is cleaned: its rows with their byte ranges, its folds, and the text with markers."""

from __future__ import annotations

from array import array
from itertools import accumulate

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
from ahe.debug.clean.repeats import Fold, Memory, Message, size
from ahe.debug.clean.terminal import Shown, show
from ahe.debug.clean.trim import LONG, cuts_of

GAP_LINES, GAP = 8, 400
"""Two regions become one when at most this many unchanged lines, and characters in them, lie between them."""


class Body:
    """A text that begins at byte `base` of its step."""

    def __init__(self, raw: str, label: str, step: int, base: int) -> None:
        self.raw = raw if raw.isascii() else with_byte_surrogates(raw)
        self.label, self.step = label, step
        self.shown = show(self.raw)
        if OPEN in self.raw or CLOSE in self.raw:
            _unbracket(self.shown)
        self.rows = self.shown.rows
        self.starts, self.ends = _bytes(self.raw, self.shown, base)
        self.end = self.ends[-1] if self.ends else base
        self.folds: list[Fold] = []

    @property
    def message(self) -> Message:
        """The text for the memory."""
        starts, ends = array("q", self.starts), array("q", self.ends)
        return Message(self.label, self.step, self.rows, starts, ends, not self.shown.changed)

    def shorten(self, longest: int) -> None:
        """Cut blobs and the middle of long rows. Call it last: afterwards the rows are incomplete."""
        if max(map(len, self.rows), default=0) <= min(longest, LONG):
            return
        changed = set(self.shown.changed)
        self.rows = list(self.rows)
        for at, row in enumerate(self.rows):
            if len(row) > min(longest, LONG) and (cuts := cuts_of(row, longest)):
                self.rows[at] = self._with_cuts(at, row, cuts, at in changed)

    def _with_cuts(self, at: int, row: str, cuts: list[tuple[int, int, str]], changed: bool) -> str:
        parts = []
        done = 0
        for start, end, words in cuts:
            inside = encode(row[start:end])
            first = self.starts[at] + len(encode(row[:start]))
            span = (self.starts[at], self.ends[at]) if changed else (first, first + len(inside))
            parts += [
                row[done:start],
                marker(f"{words} {len(inside)} bytes", Pointer(self.label, self.step, *span)),
            ]
            done = end
        return "".join([*parts, row[done:]])

    def length(self) -> int:
        """Characters that are shown, not counting markers."""
        return size(self.rows, 0, len(self.rows)) - sum(size(self.rows, f.start, f.end) for f in self.folds)

    def text(self, memory: Memory) -> str:
        """The cleaned text with its markers."""
        parts = []
        at = 0
        for start, end in self._regions():
            shown = self._flow(start, end, memory, inside=True)
            parts += [
                self._flow(at, start, memory),
                region(self._pointer(start, end), shown),
                self._break(end),
            ]
            at = end
        return "".join([*parts, self._flow(at, len(self.rows), memory)])

    def _pointer(self, start: int, end: int) -> Pointer:
        """The pointer to the raw bytes of rows [start, end)."""
        return Pointer(self.label, self.step, self.starts[start], self.ends[end - 1])

    def _flow(self, start: int, end: int, memory: Memory, inside: bool = False) -> str:
        """Rows [start, end) with the markers of their folds; inside a region without the last newline."""
        parts = []
        at = start
        for fold in self.folds:
            if start <= fold.start < end:
                if at < fold.start:
                    parts += ["\n".join(self.rows[at : fold.start]), "\n"]
                parts += [self._marker(memory, fold), "\n" if inside else self._break(fold.end)]
                at = fold.end
        if at < end:
            parts += ["\n".join(self.rows[at:end]), "\n" if inside else self._break(end)]
        return "".join(parts[:-1] if inside else parts)

    def _break(self, end: int) -> str:
        """A newline if the raw text of the row before `end` ends with one."""
        start, stop = self.shown.starts[end - 1], self.shown.ends[end - 1]
        return "\n" if stop > start and self.raw[stop - 1] == "\n" else ""

    def _marker(self, memory: Memory, fold: Fold) -> str:
        own = self._pointer(fold.start, fold.end)
        if fold.seen is None:
            return marker(fold.words, own)
        message, first = memory.messages[fold.seen[0]], fold.seen[1]
        last = first + fold.end - fold.start - 1
        seen = Pointer(message.label, message.step, message.starts[first], message.ends[last])
        same = message.plain and not self.shown.changed and seen.end - seen.start == own.end - own.start
        return marker(fold.words, seen) if same else marker(fold.words, own, seen)

    def _regions(self) -> list[tuple[int, int]]:
        """Rows [start, end) of each region: shown rows that differ from their raw text, with the rows close to them."""
        if self.shown.drawn:
            whole = any(fold.end - fold.start == len(self.rows) for fold in self.folds)
            return [] if whole or not self.rows else [(0, len(self.rows))]
        gone = (
            {row for fold in self.folds for row in range(fold.start, fold.end)} if self.shown.changed else ()
        )
        merged: list[tuple[int, int]] = []
        for row in self.shown.changed:
            if row in gone:
                continue
            if merged and row - merged[-1][1] <= GAP_LINES and size(self.rows, merged[-1][1], row) <= GAP:
                merged[-1] = (merged[-1][0], row + 1)
            else:
                merged.append((row, row + 1))
        return merged


def _bytes(raw: str, shown: Shown, base: int) -> tuple[list[int], list[int]]:
    """The byte ranges of the rows within the step."""
    if raw.isascii():
        return [at + base for at in shown.starts], [at + base for at in shown.ends]
    if shown.drawn:
        return [base] * len(shown.rows), [base + len(encode(raw))] * len(shown.rows)
    pieces = [len(encode(raw[start:end])) for start, end in zip(shown.starts, shown.ends, strict=True)]
    bounds = list(accumulate(pieces, initial=base))
    return bounds[:-1], bounds[1:]


def _unbracket(shown: Shown) -> None:
    """Show raw brackets as other characters, so that none is mistaken for a marker."""
    changed = set(shown.changed)
    for at, row in enumerate(shown.rows):
        if OPEN in row or CLOSE in row:
            shown.rows[at] = without_brackets(row)
            changed.add(at)
    shown.changed = sorted(changed)
