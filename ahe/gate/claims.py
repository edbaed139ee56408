"""What a run may claim: its gain so far, from existing rollouts, and the final gain, from fresh ones.

`gain` uses the rollouts that also decided what was kept. That selection biases them upwards, so the estimate is
shrunk. The rollouts of the final `claim` on the test split select nothing: d = mean over tasks of c/n_c − b/n_b is
unbiased and is not shrunk.

*Given the tasks*: how far d would move if the same tasks were rolled out again: se² = Σ_t (w_b/n_b + w_c/n_c)/T²
with w = A·B/((A+B)(A+B+1)), A = α+b, B = β+n−b: the posterior mean of p(1−p) under a Beta prior with the arm's
own mean rate and α+β = 1. The plug-in b/n·(1−b/n) would say that a task that passed 4 of 4 times can never fail.

*Over tasks*: what d would be on other tasks of this kind: se = sd(c/n_c − b/n_b)/√T with Student's t of
T−1 degrees of freedom, and never less than the one given the tasks, because that noise is part of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

from ahe.gate.posterior import CONCENTRATION, FLOOR, MEAN_FROM, MEAN_TO, SPREAD, Pairs, posterior
from ahe.records import Interval, Tally

MASS = 0.9
Z = NormalDist().inv_cdf((1 + MASS) / 2)
EDITS = 25
"""A run's gain is modelled as the sum of this many edits, each of the size that the dense model expects."""


def gain(seed_and_best: Pairs, concentration: float = CONCENTRATION) -> Interval | None:
    """The gain in mean pass rate with its 90 % interval; None where no task was scored with both harnesses.

    d = mean(c/n_c − b/n_b) over all rollouts of both, se² = Σ p̃(1−p̃)(1/n_b + 1/n_c)/T². A harness is at HEAD because
    its rollouts were good, so d is biased upwards. It is shrunk by κ = τ²/(τ²+se²) with τ = √EDITS·max(.025, .25/√T):
    mean κd, variance κ·se². `benchmarks.trajectory` measures its error. What is published should rest on `claim`.
    """
    found = posterior(seed_and_best, concentration)
    if found is None:
        return None
    count = len(found.tasks)
    noise = sum(task.noise for task in found.tasks.values()) / count**2
    prior = EDITS * max(FLOOR, SPREAD / math.sqrt(count)) ** 2
    kappa = prior / (prior + noise)
    believed = NormalDist(kappa * found.raw, math.sqrt(kappa * noise))
    return Interval(mean=believed.mean, low=believed.inv_cdf(0.05), high=believed.inv_cdf(0.95))


@dataclass(frozen=True)
class Claim:
    """Differences are in [-1, 1]. `score` is P(d > 0) given the tasks."""

    given_tasks: Interval
    over_tasks: Interval | None
    before: float
    after: float
    score: float


def claim(pairs: Pairs) -> Claim | None:
    """The claim over the tasks that both arms have scored; None where there is no such task."""
    both = [pair for pair in pairs.values() if pair[0].n and pair[1].n]
    if not both:
        return None
    rates = [[pair[arm].passes / pair[arm].n for pair in both] for arm in (0, 1)]
    differences = [c - b for b, c in zip(*rates, strict=True)]
    mean = fmean(differences)
    noise = sum(_noise([pair[arm] for pair in both], fmean(rates[arm])) for arm in (0, 1))
    se = math.sqrt(noise) / len(both)
    over = None
    if (freedom := len(both) - 1) > 0:
        over = student((1 + MASS) / 2, freedom) * max(se, stdev(differences) / math.sqrt(len(both)))
    return Claim(
        given_tasks=_around(mean, Z * se),
        over_tasks=_around(mean, over) if over is not None else None,
        before=fmean(rates[0]),
        after=fmean(rates[1]),
        score=NormalDist(0, se).cdf(mean),
    )


def rate_interval(arm: Sequence[Tally]) -> Interval | None:
    """An arm's mean pass rate over the tasks that it scored, given these tasks; None where there is no such task."""
    scored = [tally for tally in arm if tally.n]
    if not scored:
        return None
    rate = fmean(tally.passes / tally.n for tally in scored)
    by = Z * math.sqrt(_noise(scored, rate)) / len(scored)
    return Interval(mean=rate, low=max(0.0, rate - by), high=min(1.0, rate + by))


def _noise(arm: Sequence[Tally], rate: float) -> float:
    """Σ_t of the expected p(1−p)/n of one arm."""
    alpha = min(MEAN_TO, max(MEAN_FROM, rate))
    total = 0.0
    for tally in arm:
        a, b = alpha + tally.passes, 1 - alpha + tally.n - tally.passes
        total += a * b / ((a + b) * (a + b + 1)) / tally.n
    return total


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
