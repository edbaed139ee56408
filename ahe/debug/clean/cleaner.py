"""Cleans traces for a reader: text as a terminal showed it, repetition folded, long output cut.

Nothing is lost: every change is marked in the cleaned text by the grammar of `pointers.py`, and the raw text can be
restored from a cleaned text and the raw bytes that its markers point to.
"""

from __future__ import annotations

from dataclasses import replace

from ahe.debug.clean.body import Body
from ahe.debug.clean.repeats import Memory, folds
from ahe.debug.clean.trim import trim
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
        and every other text gets at least `SHORTEST`.
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
        texts = [
            Text(text.channel, body.text(self._memory), text.name)
            for text, body in zip(step.texts, bodies, strict=True)
        ]
        return replace(step, texts=tuple(texts))

    def _fold(self, body: Body, channel: Channel) -> None:
        inner = folds(body.rows)
        if channel in KEPT:
            inner = [fold for fold in inner if fold.words.startswith("×")]
        gone = bytearray(len(body.rows))
        for fold in inner:
            gone[fold.start : fold.end] = b"\1" * (fold.end - fold.start)
        seen = list(self._memory.seen_before(body.message, gone, spared=int(channel == "injected")))
        body.folds = sorted(
            [*inner, *(seen if channel == "injected" or channel not in KEPT else ())], key=lambda f: f.start
        )


def _shares(bodies: list[Body], channels: list[Channel], limit: int | None) -> list[int]:
    """Characters for each text, -1 for texts never cut. Short texts stay whole, long ones share the rest equally."""
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
