"""What a run claims to have gained."""

from __future__ import annotations

from random import Random
from statistics import fmean

import pytest
from arms import pair, same

from ahe.gate.claims import gain
from ahe.records import Tally


def test_equal_arms_gained_nothing_and_no_shared_task_is_no_claim() -> None:
    found = gain({**same(5, (1, 2), (1, 2)), **same(3, (4, 4), (2, 2), "u")})
    assert found is not None and found.mean == 0.0 and found.low < 0 < found.high
    assert gain({}) is None
    assert gain({"x": pair((2, 2), (0, 0, 2))}) is None


def test_swapping_the_arms_turns_the_claim_round() -> None:
    up = gain({**same(5, (0, 2), (2, 2)), **same(5, (1, 4), (1, 2), "u")})
    down = gain({**same(5, (2, 2), (0, 2)), **same(5, (1, 2), (1, 4), "u")})
    assert up is not None and down is not None
    assert (up.mean, up.low, up.high) == (
        pytest.approx(-down.mean),
        pytest.approx(-down.high),
        pytest.approx(-down.low),
    )


def test_more_rollouts_are_believed_more() -> None:
    claims = [gain(same(10, (n // 4, n), (n // 2, n))) for n in (4, 8, 40)]
    means = [claim.mean for claim in claims if claim]
    assert means == sorted(means) and 0.1 < means[0] < means[-1] < 0.25


def test_of_a_harness_picked_among_many_less_is_claimed_than_was_measured() -> None:
    random = Random(8)
    claims, raws = [], []
    for _ in range(30):
        rates = [random.betavariate(0.7, 0.3) for _ in range(89)]
        seed, *others = (
            [Tally(passes=sum(random.random() < rate for _ in range(2)), n=2) for rate in rates]
            for _ in range(6)
        )
        best = max(others, key=lambda arm: sum(tally.passes for tally in arm))
        found = gain({str(t): both for t, both in enumerate(zip(seed, best, strict=True))})
        assert found is not None
        claims.append(found.mean)
        raws.append(fmean(c.passes / 2 - b.passes / 2 for b, c in zip(seed, best, strict=True)))
    assert 0 < fmean(claims) < 0.95 * fmean(raws)
