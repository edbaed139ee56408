"""Traces as a reader wants them: as a terminal showed them, without what repeats, and nothing lost.

Every change of the raw text is marked in the cleaned text itself, by the grammar of `pointers.py`; from a cleaned text
and the raw bytes that its markers point to, `pointers.restore` makes the raw text again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ahe.debug.clean.body import Body, Piece
from ahe.debug.clean.memory import Memory
from ahe.debug.clean.repeats import folds
from ahe.debug.clean.trim import trim
from ahe.debug.readers.trace import Channel, Step

LONGEST = 2_000
"""Characters of a line that are shown where there is no limit."""
SHORTEST = 200
"""The least that a limit leaves of each text of a step."""
KEPT: frozenset[Channel] = frozenset({"reasoning", "error", "injected"})
"""What is never cut. Only equal lines in a row fold; what a host injects again is shown by its first line."""


@dataclass(frozen=True, slots=True)
class Part:
    """A cleaned text of a step: its markers in it, and its bytes [start, end) in the step's raw text."""

    channel: Channel
    name: str
    text: str
    start: int
    end: int
    _body: Body = field(repr=False, compare=False)

    def pieces(self) -> Iterator[Piece]:
        """Its lines and markers, each with its byte range."""
        return self._body.pieces()


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A cleaned step. `text` is its parts, one newline between, as `Step.raw` is its texts'."""

    label: str
    step: int
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "\n".join(part.text for part in self.parts)

    def pieces(self) -> Iterator[Piece]:
        """The lines and markers of all parts."""
        for part in self.parts:
            yield from part.pieces()


class Cleaner:
    """Cleans the rollouts of one task. Give it their steps in order: what was shown once is pointed to later."""

    def __init__(self) -> None:
        self._memory = Memory()

    def clean(self, label: str, step: Step, limit: int | None = None, base: int = 0) -> Cleaned:
        """A step of the rollout `label`, whose raw text begins at byte `base` of the step that pointers name.

        With a limit, about that many characters are shown, markers not counted; what is in `KEPT` may exceed it,
        and each other text gets at least `SHORTEST`.
        """
        bodies: list[Body] = []
        for text in step.texts:
            body = Body(text.text, label, step.id, base)
            self._fold(body, text.channel)
            bodies.append(body)
            base = body.end + 1
        shares = _shares(bodies, [text.channel for text in step.texts], limit)
        for body, share in zip(bodies, shares, strict=True):
            if share >= 0:
                whole = limit is None or body.length() <= share
                fair = max(share // min(4, max(1, len(body.rows))), SHORTEST // 2)
                body.shorten(LONGEST if whole else min(LONGEST, fair))
                if not whole:
                    body.folds = trim(body.rows, body.folds, share)
        parts = [
            Part(text.channel, text.name, body.text(self._memory), body.base, body.end, body)
            for text, body in zip(step.texts, bodies, strict=True)
        ]
        return Cleaned(label, step.id, tuple(parts))

    def _fold(self, body: Body, channel: Channel) -> None:
        memory, rows = self._memory, body.rows
        ids = memory.number(rows)
        found = memory.learn(rows, ids, body.message(memory.next_base()))
        inner = folds(rows, ids)
        if channel in KEPT:
            inner = [fold for fold in inner if fold.words.startswith("×")]
        gone = bytearray(len(rows))
        for fold in inner:
            gone[fold.start : fold.end] = b"\1" * (fold.end - fold.start)
        if channel == "injected" or channel not in KEPT:
            inner += memory.seen_before(rows, ids, found, gone, spared=int(channel == "injected"))
        body.folds = sorted(inner, key=lambda fold: fold.start)


def _shares(bodies: list[Body], channels: list[Channel], limit: int | None) -> list[int]:
    """Characters for each text, -1 for those never cut: short ones whole, long ones equal parts of the rest."""
    open_ended = [at for at, channel in enumerate(channels) if channel not in KEPT]
    shares = [-1] * len(bodies)
    if limit is None:
        for at in open_ended:
            shares[at] = 0
        return shares
    left = limit - sum(
        body.length() for body, channel in zip(bodies, channels, strict=True) if channel in KEPT
    )
    wanted = sorted((bodies[at].length(), at) for at in open_ended)
    for done, (length, at) in enumerate(wanted):
        shares[at] = max(SHORTEST, min(length, left // (len(wanted) - done)))
        left -= min(shares[at], length)
    return shares
