"""The noise of a harness against itself, on made outcomes whose noise is known."""

from __future__ import annotations

import math
from random import Random

import pytest

from ahe.power.detectable import noise


def outcomes(tasks: int, attempts: int, random: Random) -> list[list[bool]]:
    rates = [random.betavariate(0.7, 0.3) for _ in range(tasks)]
    return [[random.random() < rate for _ in range(attempts)] for rate in rates]


@pytest.mark.parametrize("attempts", [2, 4, 5, 8])
def test_the_spread_of_splits_is_that_of_independent_rollouts(attempts: int) -> None:
    found = noise(outcomes(600, attempts, Random(attempts)), 0.7 * 0.3 / 2)
    assert found is not None and found.tasks == 600
    shares = 1 / (attempts // 2) + 1 / (attempts - attempts // 2)
    assert found.expected == pytest.approx(100 * math.sqrt(0.105 * shares / 600))
    assert found.points == pytest.approx(found.expected, rel=0.15)


def test_the_parity_split_of_a_steady_suite_stays_within_the_spread() -> None:
    scores = [noise(outcomes(20, 4, Random(n)), 0.105) for n in range(20)]
    inside = sum(found is not None and abs(found.parity_z) < 2 for found in scores)
    assert inside >= 17


def test_a_drift_shows_in_the_halves_and_not_in_the_parity() -> None:
    random = Random(3)
    drifting = [[random.random() < (0.8 if n < 4 else 0.3) for n in range(8)] for _ in range(60)]
    found = noise(drifting, 0.2)
    assert found is not None
    assert found.halves == pytest.approx(-50, abs=12) and found.halves_z < -4
    assert abs(found.parity_z) < 2.5


def test_what_never_varies_has_no_spread_and_single_attempts_say_nothing() -> None:
    steady = noise([[True] * 4, [False] * 4], 0.1)
    assert steady is not None and steady.points == steady.parity_z == steady.halves_z == 0
    assert noise([[True], [False]], 0.1) is None
    mixed = noise([[True], [False, True]], 0.1)
    assert mixed is not None and mixed.tasks == 1
