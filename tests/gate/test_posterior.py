"""The posterior against numerical integration, and the traps that fool a gate of pass rates."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from statistics import NormalDist, fmean

import pytest
from arms import Pair, pair, same, swapped
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ahe.gate.posterior import (
    CONCENTRATION,
    TOUCHED,
    common_shift,
    fit_concentration,
    log_bayes_factor,
    posterior,
    prior,
    task_shift,
)
from ahe.records import Tally

ARM = st.integers(1, 8).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
SLOWLY = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
PAIRS = st.dictionaries(st.sampled_from("abcdefghijkl"), st.builds(pair, ARM, ARM), min_size=1)


def integral(function: Callable[[float], float], alpha: float, beta: float) -> float:
    """∫ f(p) p^(α−1) (1−p)^(β−1) dp over (0, 1), by p = 1/(1+e^−x), where the trapezoidal rule is exact enough."""
    total = 0.0
    for step in range(-1500, 1501):
        x = step / 10
        log_p, log_q = -math.log1p(math.exp(-x)), -math.log1p(math.exp(x))
        total += function(math.exp(log_p)) * math.exp(alpha * log_p + beta * log_q)
    return total / 10


def evidence(passes: int, n: int, alpha: float, beta: float) -> float:
    """P(one order of these outcomes) under the prior."""
    return integral(lambda p: p**passes * (1 - p) ** (n - passes), alpha, beta) / integral(
        lambda p: 1.0, alpha, beta
    )


CASES = [(0, 2, 2, 2), (1, 2, 1, 2), (2, 8, 1, 2), (5, 6, 2, 6), (0, 3, 0, 5)]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("alpha", "beta"), [(0.7, 0.3), (0.4, 1.1)])
def test_the_bayes_factor_is_the_ratio_of_the_two_evidences(
    case: tuple[int, int, int, int], alpha: float, beta: float
) -> None:
    b, n_b, c, n_c = case
    apart = evidence(b, n_b, alpha, beta) * evidence(c, n_c, alpha, beta)
    together = evidence(b + c, n_b + n_c, alpha, beta)
    assert math.exp(log_bayes_factor(b, n_b, c, n_c, alpha, beta)) == pytest.approx(
        apart / together, rel=1e-6
    )


@pytest.mark.parametrize("case", CASES)
def test_a_task_s_shift_is_that_of_the_mixture_changed_or_not(case: tuple[int, int, int, int]) -> None:
    b, n_b, c, n_c = case
    alpha, beta = 0.7, 0.3
    apart = TOUCHED * evidence(b, n_b, alpha, beta) * evidence(c, n_c, alpha, beta)
    changed = apart / (apart + (1 - TOUCHED) * evidence(b + c, n_b + n_c, alpha, beta))
    moments = []
    for passes, n in ((b, n_b), (c, n_c)):
        a, z = alpha + passes, beta + n - passes
        whole = integral(lambda p: 1.0, a, z)
        moments.append((integral(lambda p: p, a, z) / whole, integral(lambda p: p * p, a, z) / whole))
    (mu_b, square_b), (mu_c, square_c) = moments
    mean = changed * (mu_c - mu_b)
    square = changed * (square_c - 2 * mu_b * mu_c + square_b)
    found = task_shift(b, n_b, c, n_c, alpha, beta)
    assert found.changed == pytest.approx(changed, rel=1e-6)
    assert found.mean == pytest.approx(mean, abs=1e-9)
    assert found.variance == pytest.approx(square - mean**2, rel=1e-6)


def test_the_dense_model_is_a_normal_prior_times_a_normal_likelihood() -> None:
    pairs = {**same(20, (1, 2), (1, 2)), **same(5, (0, 2), (2, 2), "u"), **same(3, (2, 2), (1, 2), "v")}
    found = posterior(pairs)
    assert found is not None
    tau, se = 0.25 / math.sqrt(28), math.sqrt(sum(task.noise for task in found.tasks.values())) / 28
    grid = [step / 10_000 for step in range(-5_000, 5_001)]
    weights = [math.exp(-((x / tau) ** 2) / 2 - ((found.raw - x) / se) ** 2 / 2) for x in grid]
    mean = sum(w * x for w, x in zip(weights, grid, strict=True)) / sum(weights)
    above = sum(w for w, x in zip(weights, grid, strict=True) if x > 0) + weights[5_000] / 2
    assert found.dense.mean == pytest.approx(mean, abs=1e-6)
    assert 1 - found.dense.cdf(0) == pytest.approx(above / sum(weights), abs=1e-4)


def test_a_shift_of_every_logit_is_found_in_unequal_numbers_of_rollouts() -> None:
    """Expected passes under logit p + .2, tasks of many rates, more rollouts where the rate is in the middle."""
    shift, pairs, before, after = 0.2, {}, [], []
    for step in range(1, 40):
        p = step / 40
        q = 1 / (1 + (1 / p - 1) * math.exp(-shift))
        n_b, n_c = (4000, 2000) if 10 < step < 30 else (400, 400)
        pairs[str(step)] = pair((round(p * n_b), n_b), (round(q * n_c), n_c))
        before.append(p)
        after.append(q)
    found = posterior(pairs)
    assert found is not None
    moved, variance = common_shift(found.tasks.values())
    assert moved == pytest.approx(fmean(after) - fmean(before), rel=0.03)
    assert variance < sum(task.noise for task in found.tasks.values()) / len(pairs) ** 2


@SLOWLY
@given(st.integers(1, 8), st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=12))
def test_with_equal_numbers_the_shift_is_the_plain_difference(n: int, passes: list[tuple[int, int]]) -> None:
    pairs = {str(t): pair((min(b, n), n), (min(c, n), n)) for t, (b, c) in enumerate(passes)}
    found = posterior(pairs)
    assert found is not None
    moved, variance = common_shift(found.tasks.values())
    assert moved == pytest.approx(found.raw)
    assert variance == pytest.approx(sum(task.noise for task in found.tasks.values()) / len(pairs) ** 2)


def test_the_interval_holds_its_mass_of_the_mixture() -> None:
    found = posterior({**same(20, (1, 2), (1, 2)), **same(5, (0, 2), (2, 2), "u")})
    assert found is not None
    interval = found.interval(0.8)
    assert found.below(interval.low) == pytest.approx(0.1) == found.above(interval.high)
    assert interval.low < interval.mean < interval.high


# ---------------------------------------------------------------- what always holds


@SLOWLY
@given(PAIRS)
def test_swapping_the_arms_turns_everything_round(pairs: dict[str, Pair]) -> None:
    found, back = posterior(pairs), posterior(swapped(pairs))
    assert found is not None and back is not None
    assert found.above() == pytest.approx(1 - back.above())
    assert found.mean == pytest.approx(-back.mean)
    assert all(0 < task.changed < 1 and task.variance > 0 for task in found.tasks.values())


@SLOWLY
@given(ARM, st.integers(1, 8), st.sampled_from([(0.5, 0.5), (0.7, 0.3), (0.1, 0.9)]))
def test_more_passes_are_never_worse_news(arm: tuple[int, int], n: int, shape: tuple[float, float]) -> None:
    means = [task_shift(*arm, c, n, *shape).mean for c in range(n + 1)]
    assert means == sorted(means)


def test_more_passes_on_more_tasks_raise_the_score() -> None:
    scores = []
    for up in range(11):
        found = posterior({**same(20 - up, (1, 2), (1, 2)), **same(up, (1, 2), (2, 2), "u")})
        assert found is not None
        scores.append(found.above())
    assert scores == sorted(scores) and scores[0] == pytest.approx(0.5) and scores[-1] > 0.8


def test_a_task_that_one_arm_has_not_scored_says_nothing() -> None:
    known = same(4, (0, 2), (1, 2))
    assert posterior({**known, "x": pair((2, 2), (0, 0, 2))}) == posterior(known)
    assert posterior({"x": pair((2, 2), (0, 0, 2))}) is None
    assert posterior({}) is None


# ---------------------------------------------------------------- traps


def test_a_wrong_prior_mean_makes_a_change_of_unequal_numbers_of_rollouts() -> None:
    """Nothing changed: nine tasks of ten always pass, one never does; the incumbent has more rollouts."""
    tasks = {**same(18, (8, 8), (2, 2)), **same(2, (0, 8), (0, 2), "u")}
    found = posterior(tasks)
    assert found is not None
    assert prior(tasks) == (pytest.approx(0.9), pytest.approx(0.1))
    assert found.sparse.mean == pytest.approx(0.0, abs=4e-3)
    wrong = fmean(task_shift(b.passes, b.n, c.passes, c.n, 0.5, 0.5).mean for b, c in tasks.values())
    assert wrong < -2 * abs(found.sparse.mean)


def test_tasks_with_many_rollouts_do_not_pull_the_prior() -> None:
    tasks = {**same(9, (2, 2), (2, 2)), "hard": pair((0, 100), (0, 100))}
    assert prior(tasks)[0] == pytest.approx(0.9)
    assert prior(same(3, (0, 2), (0, 2)))[0] == pytest.approx(0.05)
    assert prior(same(3, (2, 2), (2, 2)))[0] == pytest.approx(0.95)


def rolled(rates: list[float], random: Random, n: int = 2) -> list[Tally]:
    return [Tally(passes=sum(random.random() < rate for _ in range(n)), n=n) for rate in rates]


def test_unequal_numbers_of_rollouts_of_the_same_rates_are_no_change() -> None:
    """The incumbent has the more rollouts the more doubtful a task is, as a gate leaves it behind."""
    random, scores, means = Random(11), [], []
    for _ in range(40):
        rates = [random.betavariate(0.7, 0.3) for _ in range(89)]
        deep = [2 + 6 * (0.2 < rate < 0.8) for rate in rates]
        arms = [
            [
                Tally(passes=sum(random.random() < p for _ in range(n)), n=n)
                for p, n in zip(rates, ns, strict=True)
            ]
            for ns in (deep, [2] * 89)
        ]
        found = posterior({str(t): both for t, both in enumerate(zip(*arms, strict=True))})
        assert found is not None
        scores.append(found.above())
        means.append(100 * found.mean)
    assert abs(fmean(means)) < 0.8, "points"
    assert 0.4 < fmean(scores) < 0.6


def test_the_best_of_ten_nulls_looks_better_than_it_is_believed_to_be() -> None:
    random = Random(7)
    raws, means = [], []
    for _ in range(12):
        rates = [random.betavariate(0.7, 0.3) for _ in range(89)]
        before = rolled(rates, random)
        found = [
            posterior({str(t): (before[t], c) for t, c in enumerate(rolled(rates, random))})
            for _ in range(10)
        ]
        best = max((f for f in found if f), key=lambda f: f.raw)
        raws.append(100 * best.raw)
        means.append(100 * best.mean)
    assert 2 < fmean(raws) < 6, "points, all of them luck"
    assert fmean(means) < fmean(raws) / 2


def test_tasks_picked_because_they_rose_flatter() -> None:
    random = Random(3)
    rates = [random.betavariate(0.7, 0.3) for _ in range(89)]
    tallies = zip(rolled(rates, random), rolled(rates, random), strict=True)
    found = posterior({str(task): both for task, both in enumerate(tallies)})
    assert found is not None
    picked = sorted(found.tasks.values(), key=lambda shift: -shift.raw)[:8]
    assert fmean(shift.raw for shift in picked) >= 0.5
    assert fmean(shift.mean for shift in picked) < 0.3
    assert fmean(shift.changed for shift in picked) < 0.5


# ---------------------------------------------------------------- the prior from history


def tasks(tallies: list[Tally]) -> list[tuple[str, Tally]]:
    return [(f"t{number}", tally) for number, tally in enumerate(tallies)]


@pytest.mark.parametrize("concentration", [0.5, 1.0, 3.0])
def test_the_concentration_is_found_again(concentration: float) -> None:
    random = Random(5)
    rates = [random.betavariate(0.6 * concentration, 0.4 * concentration) for _ in range(1500)]
    assert fit_concentration(tasks(rolled(rates, random, 4))) == pytest.approx(concentration, rel=0.25)


def test_little_history_fits_nothing() -> None:
    half = Tally(passes=1, n=2)
    assert fit_concentration(tasks([half] * 19)) == CONCENTRATION == fit_concentration([])
    assert fit_concentration(tasks([Tally(passes=1, n=1)] * 100)) == CONCENTRATION
    assert fit_concentration(tasks([Tally(passes=2, n=2)] * 100)) == CONCENTRATION
    assert fit_concentration(tasks([half] * 100)) == 10, "no spread at all: as far as it goes"
    assert fit_concentration(tasks([Tally(passes=0, n=4), Tally(passes=4, n=4)] * 50)) == 0.3


def test_a_task_under_many_harnesses_is_one_task() -> None:
    """Three tasks under forty harnesses say little about tasks, however many rollouts that makes."""
    rows = tasks([Tally(passes=1, n=2)] * 3) * 40
    assert fit_concentration(rows) == CONCENTRATION
    assert fit_concentration(tasks([Tally(passes=1, n=2)] * 20)) == 10


def test_the_score_is_the_mean_of_both_models() -> None:
    found = posterior(same(6, (0, 2), (2, 2)))
    assert found is not None
    both = [1 - NormalDist(m.mean, m.stdev).cdf(0.01) for m in (found.sparse, found.dense)]
    assert found.above(0.01) == pytest.approx(sum(both) / 2)
