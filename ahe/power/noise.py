"""The noise of a suite, measured: a harness against itself.

A task with n rollouts is split into two arms of the same harness. Whatever differs is noise, or a drift.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean, pstdev

SPLITS = 1_000

Outcomes = Sequence[Sequence[bool]]
"""By task, whether each attempt passed, in the order of the attempts."""


@dataclass(frozen=True)
class Noise:
    """Differences of mean pass rates between two arms of one harness, in [-1, 1].

    `spread` is their standard deviation over random splits, `expected` that of rollouts that are independent of
    each other. `parity` compares even attempts with odd ones, `halves` the later half with the earlier.
    """

    tasks: int
    spread: float
    expected: float
    parity: float
    halves: float

    @property
    def parity_z(self) -> float:
        """The parity difference in standard deviations of random splits; 0 where nothing varies."""
        return self.parity / self.spread if self.spread else 0.0

    @property
    def halves_z(self) -> float:
        return self.halves / self.spread if self.spread else 0.0


def noise(outcomes: Outcomes, variance: float, splits: int = SPLITS) -> Noise | None:
    """The noise over the tasks that were tried at least twice; None where there is no such task.

    `variance` is the expected p(1−p) of a task, of one rollout: arms of m_t and m'_t independent attempts differ
    by a standard deviation of √(variance · Σ(1/m_t + 1/m'_t))/T.
    """
    split = [list(each) for each in outcomes if len(each) > 1]
    if not split:
        return None
    random = Random("splits")
    drawn = []
    for _ in range(splits):
        for each in split:
            random.shuffle(each)
        drawn.append(_difference(split))
    # Of an odd number of attempts either arm gets the larger part: the sign is as good as any other.
    shares = [1 / (len(each) // 2) + 1 / (len(each) - len(each) // 2) for each in split]
    ordered = [each for each in outcomes if len(each) > 1]
    by_parity = [[*each[1::2], *each[0::2]] for each in ordered]
    return Noise(
        tasks=len(split),
        spread=pstdev(drawn),
        expected=math.sqrt(variance * sum(shares)) / len(split),
        parity=-_difference(by_parity),
        halves=-_difference(ordered),
    )


def _difference(split: Outcomes) -> float:
    """Mean over tasks: pass rate of the first half of the attempts less that of the others."""
    parts = [(each[: len(each) // 2], each[len(each) // 2 :]) for each in split]
    return fmean(sum(one) / len(one) - sum(other) / len(other) for one, other in parts)
