"""A line that may tell why a rollout failed."""

from __future__ import annotations

from dataclasses import dataclass

from ahe.debug.readers.trace import Channel
from ahe.debug.signing.mechanisms.match import LONGEST


@dataclass(frozen=True, slots=True)
class Candidate:
    """A line as it stands (of a very long one, a part of it that stands there), in text `text` of step `step`.

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
