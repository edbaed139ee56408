"""Guesses a line's mechanism with the weights that `train` computed from the catalogue."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from ahe.debug.signals.lexicon.features import beginnings, features

CALM = "calm"
ALARM = 0.2
"""A line is examined further if the weights of its word beginnings exceed this (per square root of their number)."""
ENOUGH = 4
"""A guess from fewer known features than this counts proportionally less."""


class Guess(NamedTuple):
    """The likeliest mechanism and its lead over the next one, in units of the classifier's margin.

    `trouble` is its lead over `calm`; negative if the line sounds calm.
    """

    mechanism: str
    lead: float
    trouble: float


class _Weights(NamedTuple):
    mechanisms: dict[str, dict[str, int]]
    alarm: dict[bytes, int]


@lru_cache(maxsize=1)
def _weights() -> _Weights:
    found = json.loads(files(__package__).joinpath("weights.json").read_text("utf-8"))
    return _Weights(found["mechanisms"], {b.encode(): weight for b, weight in found["alarm"].items()})


def alarming(template: bytes) -> bool:
    """The quick filter: whether a line, in lower case and UTF-8, may show a mechanism at all."""
    weights = _weights().alarm
    found = [weights[b] for b in beginnings(template) if b in weights]
    return bool(sum(found) > ALARM * 1000 * len(found) ** 0.5)


def guess(line: str, row: str = "") -> Guess:
    """The likeliest mechanism of a line in its original case; `row` is the mechanism of its table row, if any."""
    weights = _weights().mechanisms
    known = [weights[feature] for feature in features(line, row) if feature in weights]
    if not known:
        return Guess("", 0.0, 0.0)
    scores: dict[str, int] = {}
    for each in known:
        for name, weight in each.items():
            scores[name] = scores.get(name, 0) + weight
    unit = 1000 * len(known) ** 0.5 * max(1.0, ENOUGH / len(known))
    calm = scores.pop(CALM, 0)
    best, second = "", 0
    top = 0
    for name, score in scores.items():
        if score > top or not best or (score == top and name < best):
            best, top, second = name, score, top
        elif score > second:
            second = score
    return Guess(best, (top - max(second, calm)) / unit, (top - calm) / unit)
