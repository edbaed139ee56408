"""Cleans traces for a reader: text as a terminal showed it, repetition folded, long output cut.

Nothing is lost: every change is marked in the cleaned text by the grammar of `pointers.py`, and the raw text can be
restored from a cleaned text and the raw bytes that its markers point to.
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from itertools import accumulate

from ahe.debug.clean.pointers import CLOSE, OPEN, encode, marker, region
from ahe.debug.clean.repeats import Memory, Message, folds, visible
from ahe.debug.clean.terminal import resolve
from ahe.debug.clean.trim import LONG, cuts_of, trim
from ahe.debug.readers.trace import Channel, Step, Text

LONGEST = 2_000
"""Characters of a line that are shown when there is no limit."""
SHORTEST = 200
"""Characters of each text of a step that are shown at least, whatever the limit."""
KEPT: frozenset[Channel] = frozenset({"reasoning", "error", "injected"})
"""Texts that are never cut. Only equal lines in a row are folded; of a repeated injection the first line is shown."""


class Cleaner:
    """Cleans the rollouts of one task. Pass their steps in order: a later repetition points to the first occurrence."""

    def __init__(self) -> None:
        self._memory = Memory()

    def clean(self, label: str, step: Step, limit: int | None = None, base: int = 0) -> Step:
        """The step of rollout `label` with cleaned texts; its raw text begins at byte `base` of the recorded step.

        With a limit, about that many characters are shown, not counting markers; channels in `KEPT` may exceed it,
        and every other text gets at least `SHORTEST`: short texts stay whole, long ones share the rest equally.
        """
        bodies: list[_Body] = []
        for text in step.texts:
            message = _message(text.text, label, step.id, base)
            base = message.bounds[-1] + 1
            bodies.append(_Body(message, text, self._memory))
        left = (limit or 0) - sum(body.length for body in bodies if body.kept)
        open_ended = sorted((body for body in bodies if not body.kept), key=lambda body: body.length)
        for done, body in enumerate(open_ended):
            fair = body.length if limit is None else left // (len(open_ended) - done)
            share = max(SHORTEST, min(body.length, fair))
            left -= min(share, body.length)
            body.fit(share)
        texts = [replace(text, text=body.text()) for text, body in zip(step.texts, bodies, strict=True)]
        return replace(step, texts=tuple(texts))


def _message(raw: str, label: str, step: int, base: int) -> Message:
    """The rows that a terminal shows of a text that begins at byte `base` of its step."""
    shown = resolve(raw).replace(OPEN, "⟨").replace(CLOSE, "⟩")
    rows = shown.removesuffix("\n").split("\n")
    end = base + len(encode(raw))
    starts = [base]
    if shown == raw:
        sizes = map(len, rows[:-1] if raw.isascii() else map(encode, rows[:-1]))
        starts = list(accumulate((size + 1 for size in sizes), initial=base))
    return Message(label, step, rows, array("q", [*starts, end]), plain=shown == raw)


class _Body:
    """A text while it is cleaned: its rows, and the folds that hide some of them."""

    def __init__(self, message: Message, text: Text, memory: Memory) -> None:
        self.message, self.rows = message, message.rows
        self.newline = "\n" * text.text.endswith("\n")
        self.kept = text.channel in KEPT
        alike = [fold for fold in folds(self.rows) if not self.kept or fold.words[0] == "×"]
        injected = text.channel == "injected"
        seen = memory.seen_before(message, alike, spared=int(injected))
        self.folds = sorted(alike + seen if injected or not self.kept else alike, key=lambda fold: fold.start)
        self.length = visible(self.rows, self.folds)
        """Characters that are shown, not counting markers."""

    def fit(self, share: int) -> None:
        """Cut blobs and the middle of long rows, then rows, so that about `share` characters are shown."""
        longest = LONGEST
        if self.length > share:
            longest = min(LONGEST, max(share // min(4, len(self.rows)), SHORTEST // 2))
        self.rows = [
            self._shortened(at, longest) if len(row) > min(longest, LONG) else row
            for at, row in enumerate(self.rows)
        ]
        if self.length > share:
            self.folds = trim(self.rows, self.folds, share)

    def _shortened(self, at: int, longest: int) -> str:
        row, place = self.rows[at], self.message.pointer(at, at + 1)
        parts = []
        done = 0
        for start, end, words in cuts_of(row, longest):
            size = len(encode(row[start:end]))
            pointer = place
            if self.message.plain:
                first = place.start + len(encode(row[:start]))
                pointer = place._replace(start=first, end=first + size)
            parts += [row[done:start], marker(f"{words} {size} bytes", pointer)]
            done = end
        return "".join([*parts, row[done:]])

    def text(self) -> str:
        """The cleaned text with its markers."""
        parts: list[str] = []
        at = 0
        for fold in self.folds:
            place = fold.place or self.message.pointer(fold.start, fold.end)
            parts += [*self.rows[at : fold.start], marker(fold.words, place)]
            at = fold.end
        shown = "\n".join([*parts, *self.rows[at:]])
        folded = any(fold.end - fold.start == len(self.rows) for fold in self.folds)
        if not self.message.plain and not folded:
            shown = region(self.message.pointer(0, len(self.rows)), shown)
        return shown + self.newline
