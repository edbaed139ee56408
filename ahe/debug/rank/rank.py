"""Ranks candidates, lines that may show why a rollout failed, with the help of other tasks; the best one names the
mechanism.
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
"""From this score on a line stands out."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line, or a part of a very long one, in text `text` of step `step`.

    `number` counts lines of that text from 1. `template` is a digest of the line without numbers, `shape` one
    without names too. `known` and `known_shape` say whether a passing rollout of the task shows them. `score` is
    the sum of `parts`.
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
    """Best first, then in order of occurrence."""
    return (-candidate.score, candidate.step, candidate.text, candidate.number)


def clipped(line: str, start: int) -> str:
    """The line, or `LONGEST` characters of it around `start`, where the match begins."""
    if len(line) <= LONGEST:
        return line
    begin = max(0, min(start - 100, len(line) - LONGEST))
    return line[begin : begin + LONGEST]


def rank(
    found: Iterable[Candidate],
    passing: Frequency | None = None,
    failing: Frequency | None = None,
) -> list[Candidate]:
    """The candidates, best first, one for each template.

    `passing` and `failing` count in how many tasks passing and failing rollouts show a template, including the
    candidate's own task. A line that passing rollouts of other tasks also show is not a cause by itself.
    """
    scored = [_with_others(candidate, passing, failing) for candidate in found]
    scored.sort(key=order)
    kept: dict[int, Candidate] = {}
    for candidate in scored:
        kept.setdefault(candidate.template, candidate)
    return list(kept.values())


def supported(found: Sequence[Sequence[Candidate]]) -> list[tuple[Candidate, ...]]:
    """The candidates of one task's failed rollouts; a line that several rollouts share scores higher.

    A line that several failed rollouts show, and no passing one, is more likely a common cause than a line in one.
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
    """A mechanism, or `unknown` with the words that failures of several tasks share."""

    mechanism: str
    phrase: str = ""


def mechanism(ranked: Sequence[Candidate], failing: Frequency | None = None) -> Named:
    """The mechanism of the best line that has one; else `unknown` if a line stands out, else `none`.

    A line without a mechanism gets a phrase if failing rollouts of at least two tasks show it, and then counts like one
    with a mechanism.
    """
    standing_out = [candidate for candidate in ranked if candidate.score >= STANDS_OUT]
    for candidate in standing_out:
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
    return Named(UNKNOWN if standing_out else NONE)


def _with_others(candidate: Candidate, passing: Frequency | None, failing: Frequency | None) -> Candidate:
    """The candidate scored with other tasks.

    A line that no other task shows is mostly a project's own output; a line in a few tasks is more likely a program's
    message about an occasional event; a line in many tasks is ordinary.
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
