"""Candidates: lines that may show why a rollout failed. They are ranked with what other tasks show; the best names
the mechanism.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ahe.debug.readers.trace import Channel
from ahe.debug.signals.mechanisms.match import LONGEST
from ahe.debug.signals.templates import Frequency, coarse, fine
from ahe.debug.signals.vocabulary import NONE, UNKNOWN

PHRASE = 80
"""Characters of a phrase."""

SHARED_BY = 2
SHARED = 0.45
STANDS_OUT = 0.7
"""The score from which a line stands out."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line (of a very long one, a part of it) in text `text` of step `step`.

    `number` counts lines of that text from 1. `template` and `shape` are digests of the line without its
    numbers, and without its names too. `known` says whether a passing rollout of the task shows the
    template, `known_shape` likewise. `parts` name what the score is the sum of.
    """

    step: int
    text: int
    number: int
    channel: Channel
    line: str
    mechanism: str
    score: float
    template: int
    shape: int
    known: bool
    known_shape: bool
    parts: tuple[tuple[str, float], ...]


def order(candidate: Candidate) -> tuple[float, int, int, int]:
    """Best first, then as they came."""
    return (-candidate.score, candidate.step, candidate.text, candidate.number)


def clipped(line: str, start: int) -> str:
    """The line, or of a long one LONGEST characters around what tells."""
    if len(line) <= LONGEST:
        return line
    begin = max(0, min(start - 100, len(line) - LONGEST))
    return line[begin : begin + LONGEST]


def rank(
    found: Iterable[Candidate],
    passing: Frequency | None = None,
    failing: Frequency | None = None,
    most: int = 40,
) -> list[Candidate]:
    """Best first, one for each template, at most `most`.

    `passing` and `failing` count in how many tasks passing and failing rollouts show a template (the
    candidate's own task included). A line that passing rollouts of other tasks show too is not a cause by itself.
    """
    scored = [_with_others(candidate, passing, failing) for candidate in found]
    scored.sort(key=order)
    kept: dict[int, Candidate] = {}
    for candidate in scored:
        kept.setdefault(candidate.template, candidate)
    return list(kept.values())[:most]


def supported(found: Sequence[Sequence[Candidate]]) -> list[tuple[Candidate, ...]]:
    """The candidates of one task's failed rollouts, each with what the others say of it.

    What several of them show, and none that passed, is more likely their common cause than what only one met.
    """
    counts = Counter(template for each in found for template in {c.template for c in each if not c.known})
    return [tuple(sorted((_shared(c, counts[c.template] - 1) for c in each), key=order)) for each in found]


def _shared(candidate: Candidate, others: int) -> Candidate:
    if others < 1 or candidate.mechanism == NONE:
        return candidate
    gain = SHARED * min(others, 2)
    parts = (*candidate.parts, ("other failing rollouts show it", gain))
    return replace(candidate, score=round(candidate.score + gain, 4), parts=parts)


class Named(NamedTuple):
    """A mechanism, and where that is `unknown` the words that several tasks' failures share."""

    mechanism: str
    phrase: str = ""


def mechanism(ranked: Sequence[Candidate], failing: Frequency | None = None) -> Named:
    """The mechanism of the best line that has one; `unknown` where something stands out, else `none`.

    A line without a mechanism gets a phrase if failing rollouts of at least two tasks show it, and then counts like one
    with a mechanism.
    """
    telling = [candidate for candidate in ranked if candidate.score >= STANDS_OUT]
    for candidate in telling:
        if candidate.mechanism not in (NONE, UNKNOWN):
            return Named(candidate.mechanism)
        if (
            candidate.mechanism == UNKNOWN
            and failing is not None
            and failing.of(candidate.shape) >= SHARED_BY
        ):
            words = coarse(fine(candidate.line)).decode("utf-8", "replace")
            if " " in words:
                return Named(UNKNOWN, words[:PHRASE])
    return Named(UNKNOWN if telling else NONE)


def _with_others(candidate: Candidate, passing: Frequency | None, failing: Frequency | None) -> Candidate:
    """The candidate with what other tasks say.

    A line that no other task shows is mostly a project's own output; one that a few show is more likely a program's
    message about something that happens now and then; one that many show is ordinary.
    """
    parts = dict(candidate.parts)
    if passing is not None:
        same = max(0, passing.of(candidate.template) - candidate.known)
        alike = max(0, passing.of(candidate.shape) - candidate.known_shape)
        if same:
            parts["other tasks pass with it"] = -min(1.5, 0.3 * math.log2(1 + same))
        ours = max(0, failing.of(candidate.shape) - 1) if failing is not None else 0
        if ours + alike:
            parts["other tasks show it"] = max(-1.5, 1.6 - 0.45 * math.log2(1 + ours + alike))
        if failing is not None and passing.tasks and failing.tasks:
            odds = math.log2((ours + 1) / (failing.tasks + 2) * (passing.tasks + 2) / (alike + 1))
            parts["in failing and passing tasks"] = max(-0.5, min(0.5, 0.1 * odds))
    score = round(sum(parts.values()), 4)
    return replace(candidate, score=score, parts=tuple(parts.items()))
