"""Leave-one-out attribution on simulated candidates of three commits."""

from __future__ import annotations

from random import Random
from statistics import fmean

import pytest

from ahe.gate.bayes import BayesGate
from benchmarks.attribution import BAD, GOOD, NULL, World, simulate_attribution


def test_commits_add_up_within_0_and_1() -> None:
    world = World(tuple(0.1 + 0.02 * t for t in range(40)), 5.0, Random(2))
    alone = {name: world.gained(frozenset((GOOD, NULL, BAD)) - {name}) for name in (GOOD, NULL, BAD)}
    assert (alone[GOOD], alone[NULL], alone[BAD]) == pytest.approx((5.0, 0.0, -5.0), abs=1e-6)
    assert world.gained(frozenset((GOOD, NULL, BAD))) == 0.0
    assert all(0 <= rate <= 1 for rate in world.rates())
    assert fmean(world.rates(frozenset((BAD,)))) > fmean(world.rates())


def test_the_good_one_stays_and_the_bad_one_goes() -> None:
    found = simulate_attribution(BayesGate, tasks=12, size=25.0, runs=25)
    assert found.good[0] > 0.75 and found.bad[0] < 0.15
    assert found.points[0] > found.whole_points[0] + 5
    assert 0 < found.plain[0] < 12 * 6 and 0 < found.fresh[0] <= 7 * 12 * 6
    assert found == simulate_attribution(BayesGate, tasks=12, size=25.0, runs=25)
