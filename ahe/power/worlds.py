"""Simulated suites: tasks with true pass rates, and edits that change them by a known amount."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

from ahe.errors import UsageError

ALPHA, BETA = 0.7, 0.3
REACH = 0.8
ROOM = 0.25
CHURN = 0.05
PREDICTED, RISKED = 0.07, 0.045
FIX_PRECISION, RISK_PRECISION = 0.337, 0.118

Shape = Literal["sparse", "dense", "churn", "noop"]
REAL: tuple[Shape, ...] = ("sparse", "dense")
NULL: tuple[Shape, ...] = ("churn", "noop")
Rates = tuple[float, ...]
"""True pass rates by task."""


@dataclass(frozen=True)
class Edit:
    """An edit of a shape and a size in points of the mean pass rate; `churn` and `noop` have none."""

    shape: Shape
    points: float = 0.0

    def __str__(self) -> str:
        return f"{self.shape} {self.points:+g}" if self.points else self.shape


def draw_rates(count: int, random: Random, matrix: Sequence[float] = ()) -> Rates:
    """Pass rates of `count` tasks: from Beta(.7, .3), or with replacement from a matrix's task rates."""
    if matrix:
        return tuple(random.choices(matrix, k=count))
    return tuple(random.betavariate(ALPHA, BETA) for _ in range(count))


def read_matrix(path: Path) -> list[float]:
    """Pass rates by task of a CSV `task,trial,resolved`; drawing Bernoulli from them resamples its trials.

    Raises `UsageError` where a column is missing, a value is not true or false, or there is no row.
    """
    outcomes: dict[str, list[bool]] = {}
    words = {"1": True, "true": True, "1.0": True, "0": False, "false": False, "0.0": False}
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            value = words.get((row.get("resolved") or "").strip().lower())
            if value is None or not row.get("task"):
                raise UsageError(f"{path}: it needs the columns task,trial,resolved, with 0 or 1 in the last")
            outcomes.setdefault(row["task"], []).append(value)
    if not outcomes:
        raise UsageError(f"{path} has no rows: it needs one per trial, with the columns task,trial,resolved")
    return [sum(trials) / len(trials) for _, trials in sorted(outcomes.items())]


def apply(edit: Edit, rates: Rates, random: Random) -> Rates:
    """The rates after the edit.

    sparse: tasks in random order move by .8 of the way to 1 (or to 0) until the mean has moved by the
    points; tasks with less than .25 of room are skipped, and the last one moves less.
    dense: the logit of every task moves by the same amount, the one that moves the mean by the points.
    churn: a sparse edit of +5 points and one of −5 points on other tasks; the mean stays.
    noop: nothing changes.
    Where the rates have less room than the points, the edit moves them as far as it can.
    """
    if edit.shape == "sparse":
        return _jumps(rates, edit.points / 100, random)[0]
    if edit.shape == "dense":
        return shifted(rates, logit_shift(rates, edit.points / 100))
    if edit.shape == "churn":
        up, moved = _jumps(rates, CHURN, random)
        gained = (sum(up) - sum(rates)) / len(rates)
        return _jumps(up, -gained, random, leave=moved)[0]
    return rates


def predictions(before: Rates, after: Rates, random: Random) -> tuple[list[int], list[int]]:
    """Tasks that the evolver names: expected to rise, and at risk. With the precision published of AHE's evolver.

    About 7 % of the tasks are predicted, of which 34 % truly rise, and 4.5 % risked, of which 12 % truly
    fall, as far as there are such tasks; the others are drawn from all tasks.
    """
    count = len(before)
    rises = [t for t in range(count) if after[t] > before[t]]
    falls = [t for t in range(count) if after[t] < before[t]]
    fixes = _named(rises, count, max(2, round(PREDICTED * count)), FIX_PRECISION, random)
    risks = _named(falls, count, max(1, round(RISKED * count)), RISK_PRECISION, random)
    return fixes, risks


def _named(true: list[int], count: int, wanted: int, precision: float, random: Random) -> list[int]:
    hits = sum(random.random() < precision for _ in range(wanted))
    chosen = random.sample(true, min(hits, len(true)))
    rest = [t for t in range(count) if t not in chosen]
    return chosen + random.sample(rest, min(len(rest), wanted - len(chosen)))


def _jumps(
    rates: Rates, by: float, random: Random, leave: frozenset[int] = frozenset()
) -> tuple[Rates, frozenset[int]]:
    """The rates with some tasks moved far, so that the mean moves by `by`; and which tasks those are."""
    left = abs(by) * len(rates)
    moved = list(rates)
    touched = set()
    for task in random.sample(range(len(rates)), len(rates)):
        room = 1 - rates[task] if by > 0 else rates[task]
        if left <= 0 or task in leave or room < ROOM:
            continue
        step = min(REACH * room, left)
        moved[task] += math.copysign(step, by)
        left -= step
        touched.add(task)
    return tuple(moved), frozenset(touched)


def logit_shift(rates: Rates, by: float) -> float:
    """The shift of every logit that moves the mean rate by `by`, found by halving."""
    low, high = -12.0, 12.0
    goal = sum(rates) + by * len(rates)
    for _ in range(60):
        middle = (low + high) / 2
        if sum(_moved(rate, middle) for rate in rates) < goal:
            low = middle
        else:
            high = middle
    return high


def shifted(rates: Rates, shift: float) -> Rates:
    """Every logit moved by the same amount: a dense edit, or an endpoint that drifts."""
    return tuple(_moved(rate, shift) for rate in rates) if shift else rates


def _moved(rate: float, shift: float) -> float:
    """A rate with its logit moved; 0 and 1 are treated as .02 and .98, which few trials cannot tell from them."""
    inside = min(0.98, max(0.02, rate))
    by = 1 / (1 + (1 / inside - 1) * math.exp(-shift)) - inside
    return min(1.0, max(0.0, rate + by))
