"""A run's gain, and the final claim: intervals that hold what they say, Student's t, arms without rollouts."""

from __future__ import annotations

import math
from random import Random
from statistics import fmean

import pytest
from arms import pair, same

from ahe.gate.claims import claim, gain, rate_interval, student
from ahe.records import Tally

RUNS = 250


@pytest.mark.parametrize(
    ("freedom", "value"), [(1, 6.314), (2, 2.920), (3, 2.353), (5, 2.015), (11, 1.796), (88, 1.662)]
)
def test_student_has_the_tables_values(freedom: int, value: float) -> None:
    assert student(0.95, freedom) == pytest.approx(value, rel=4e-3)


def arm(rng: Random, rates: list[float], k: int) -> list[Tally]:
    return [Tally(passes=sum(rng.random() < rate for _ in range(k)), n=k) for rate in rates]


@pytest.mark.parametrize(("tasks", "k"), [(40, 4), (12, 4), (89, 2)])
def test_nine_intervals_in_ten_hold_an_arms_rate(tasks: int, k: int) -> None:
    rng, held = Random(7), 0
    for _ in range(RUNS):
        rates = [rng.betavariate(0.7, 0.3) for _ in range(tasks)]
        found = rate_interval([*arm(rng, rates, k), Tally(missing=k)])
        assert found is not None
        held += found.low <= fmean(rates) <= found.high
    assert 0.84 <= held / RUNS <= 0.96
    assert rate_interval([Tally(missing=2)]) is None


@pytest.mark.parametrize(("tasks", "k", "gain"), [(40, 4, 0.0), (40, 4, 0.1), (12, 4, 0.05), (89, 2, 0.05)])
def test_nine_intervals_in_ten_hold_the_truth(tasks: int, k: int, gain: float) -> None:
    """Given the tasks: the truth is the mean difference on these tasks. Over tasks: that of their kind."""
    rng = Random(7)
    given = over = 0
    for _ in range(RUNS):
        before = [rng.betavariate(0.7, 0.3) for _ in range(tasks)]
        # Every task moves towards 1 by its own share, so the mean over the kind is known: gain·(1 − mean).
        after = [rate + (1 - rate) * rng.choice((0.0, 2 * gain)) for rate in before]
        arms = zip(arm(rng, before, k), arm(rng, after, k), strict=True)
        found = claim({str(n): both for n, both in enumerate(arms)})
        assert found is not None and found.over_tasks is not None
        truth = sum(a - b for a, b in zip(after, before, strict=True)) / tasks
        given += found.given_tasks.low <= truth <= found.given_tasks.high
        over += found.over_tasks.low <= gain * 0.3 <= found.over_tasks.high
    error = 3 * math.sqrt(0.9 * 0.1 / RUNS)
    assert abs(given / RUNS - 0.9) < error + 0.02
    assert over / RUNS > 0.9 - error - 0.02


def test_tasks_that_always_pass_still_leave_doubt() -> None:
    found = claim(same(5, (0, 4), (4, 4)))
    assert found is not None
    assert found.given_tasks.mean == 1.0 and found.given_tasks.low < 0.97
    assert found.over_tasks is not None and found.over_tasks.low <= found.given_tasks.low


def test_nothing_is_shrunk_and_arms_swapped_change_the_sign() -> None:
    pairs = {"a": pair((1, 4), (3, 4)), "b": pair((2, 4), (2, 4))}
    found, back = claim(pairs), claim({task: (c, b) for task, (b, c) in pairs.items()})
    assert found is not None and back is not None
    assert found.given_tasks.mean == pytest.approx(0.25) == -back.given_tasks.mean
    assert (found.before, found.after) == (0.375, 0.625)
    assert found.score == pytest.approx(1 - back.score)


def test_a_task_that_one_arm_lacks_does_not_count() -> None:
    pairs = {"a": pair((1, 4), (3, 4)), "b": pair((4, 4), (0, 0, 4))}
    assert claim(pairs) == claim({"a": pairs["a"]})
    assert claim({"b": pairs["b"]}) is None
    alone = claim({"a": pairs["a"]})
    assert alone is not None and alone.over_tasks is None


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
