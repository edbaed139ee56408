"""The claim at the end of a run: a plain difference of pass rates on fresh rollouts, with two intervals.

Nothing is chosen by these rollouts, so nothing is shrunk: d = mean over tasks of c/n_c − b/n_b has no bias.

*Given the tasks* asks how far d would move if the same tasks were rolled out again: se² = Σ_t (w_b/n_b + w_c/n_c)/T²
with w = A·B/((A+B)(A+B+1)), A = α+b, B = β+n−b: the posterior mean of p(1−p) under a Beta prior with the arm's
own mean rate and α+β = 1. The plug-in b/n·(1−b/n) would say that a task passed 4 times of 4 can never fail.

*Over tasks* asks what d would be on other tasks of this kind: se = sd(c/n_c − b/n_b)/√T with Student's t of
T−1 degrees of freedom, and never less than given the tasks, since it holds that noise too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

from ahe.gate.posterior import MEAN_FROM, MEAN_TO, Pairs
from ahe.records import Interval, Tally

MASS = 0.9


@dataclass(frozen=True)
class Claim:
    """Differences are in [-1, 1]. `score` is P(d > 0) given the tasks."""

    given_tasks: Interval
    over_tasks: Interval | None
    before: float
    after: float
    score: float


def claim(pairs: Pairs) -> Claim | None:
    """The claim over the tasks that both arms have scored; None where there is none."""
    both = [pair for pair in pairs.values() if pair[0].n and pair[1].n]
    if not both:
        return None
    rates = [[pair[arm].passes / pair[arm].n for pair in both] for arm in (0, 1)]
    differences = [c - b for b, c in zip(*rates, strict=True)]
    mean = fmean(differences)
    noise = sum(_noise([pair[arm] for pair in both], fmean(rates[arm])) for arm in (0, 1))
    se = math.sqrt(noise) / len(both)
    z = NormalDist().inv_cdf((1 + MASS) / 2)
    return Claim(
        given_tasks=_around(mean, z * se),
        over_tasks=_over_tasks(differences, mean, se),
        before=fmean(rates[0]),
        after=fmean(rates[1]),
        score=NormalDist(0, se).cdf(mean),
    )


def _noise(arm: Sequence[Tally], rate: float) -> float:
    """Σ_t of the expected p(1−p)/n of one arm."""
    alpha = min(MEAN_TO, max(MEAN_FROM, rate))
    total = 0.0
    for tally in arm:
        a, b = alpha + tally.passes, 1 - alpha + tally.n - tally.passes
        total += a * b / ((a + b) * (a + b + 1)) / tally.n
    return total


def _over_tasks(differences: Sequence[float], mean: float, least: float) -> Interval | None:
    if len(differences) < 2:
        return None
    se = max(least, stdev(differences) / math.sqrt(len(differences)))
    return _around(mean, student((1 + MASS) / 2, len(differences) - 1) * se)


def _around(mean: float, by: float) -> Interval:
    return Interval(mean=mean, low=max(-1.0, mean - by), high=min(1.0, mean + by))


def student(share: float, freedom: int) -> float:
    """Quantile of Student's t above one half.

    Exact for 1 and 2 degrees of freedom, else the expansion of Abramowitz and Stegun, 26.7.5.
    """
    if freedom == 1:
        return math.tan(math.pi * (share - 0.5))
    if freedom == 2:
        return (2 * share - 1) * math.sqrt(2 / (4 * share * (1 - share)))
    z, v = NormalDist().inv_cdf(share), freedom
    return (
        z
        + (z**3 + z) / (4 * v)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * v**3)
    )
