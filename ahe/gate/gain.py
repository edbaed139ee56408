"""What a whole run gained: its last harness against its first, without the flattery of having been chosen."""

from __future__ import annotations

import math
from statistics import NormalDist

from ahe.gate.posterior import CONCENTRATION, FLOOR, SPREAD, Pairs, posterior
from ahe.records import Interval

EDITS = 25
"""A run's gain is thought to be the sum of about so many edits, each of the size that the dense model expects."""


def gain(seed_and_best: Pairs, concentration: float = CONCENTRATION) -> Interval | None:
    """The gain in mean pass rate with its 90 % interval; None where no task was scored with both harnesses.

    d = mean(c/n_c − b/n_b) over all rollouts that either has, se² = Σ p̃(1−p̃)(1/n_b + 1/n_c)/T². A harness is at
    HEAD because its rollouts were good, so d flatters: it is shrunk by κ = τ²/(τ²+se²) with τ² that of EDITS edits,
    τ = √EDITS·max(.025, .25/√T). Mean κd, variance κ·se². It costs no rollout. How far it is from the truth is
    measured by `benchmarks.trajectory`; a claim for others takes fresh rollouts on `test`.
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
