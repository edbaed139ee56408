"""What a gate detects on a suite: the simulation, and the closed form that is used when a run starts."""

from __future__ import annotations

import pytest

from ahe.gate.bayes import BayesGate
from ahe.gate.choose import make_gate
from ahe.power.detectable import (
    Beliefs,
    approximate_effect,
    beliefs,
    detectable_effect,
    power_at,
    rollouts_for,
    share_kept,
    smallest_effect,
    tasks_for,
)
from ahe.power.forecast import forecast
from ahe.power.worlds import Edit
from ahe.records import Ceiling, Tally

RUNS = 60


def like(tasks: int, a: float = 0.7, b: float = 0.3) -> Beliefs:
    return Beliefs(((a, b),) * tasks, measured=True)


@pytest.mark.parametrize(
    ("gate", "known", "rollouts"),
    [
        ("bayes", like(6), 2),
        ("bayes", like(16), 2),
        ("bayes", like(40), 4),
        ("bayes", like(16, 2, 2), 2),
        ("bayes", like(30, 0.5, 4.5), 2),
        ("strict", like(16), 2),
        ("greedy", like(16), 4),
    ],
)
def test_the_closed_form_stands_for_the_simulation(gate: str, known: Beliefs, rollouts: int) -> None:
    simulated = smallest_effect(make_gate(gate), known, rollouts, runs=RUNS)
    assert simulated is not None
    assert 0.6 < approximate_effect(known, rollouts) / simulated < 1.6


def test_the_smallest_effect_is_detected_and_half_of_it_is_not() -> None:
    gate, known = make_gate("bayes"), like(16)
    found = detectable_effect(gate, known, 2, runs=RUNS)
    assert found.points is not None and found.null < 0.5 and found.rollouts > 16
    assert power_at(gate, found.points, known, 2, runs=RUNS) >= 0.8
    assert power_at(gate, found.points / 2, known, 2, runs=RUNS) < 0.8


def test_a_gate_that_detects_nothing_has_no_effect_size() -> None:
    assert smallest_effect(make_gate("bayes"), like(1), 2, runs=RUNS) is None
    assert smallest_effect(make_gate("bayes"), Beliefs(((999.0, 1.0),) * 9, True), 2, runs=RUNS) is None
    blind = detectable_effect(make_gate("flips"), like(12), 2, runs=RUNS)
    assert blind.points is None and blind.null > 0.6
    assert detectable_effect(make_gate("bayes"), like(16), 2, limit=10, runs=RUNS).points is None


def test_a_smaller_effect_takes_more_rollouts_or_tasks() -> None:
    gate, known = make_gate("bayes"), like(12)
    few, many = (rollouts_for(gate, points, known, runs=RUNS) for points in (15.0, 6.0))
    assert few is not None and many is not None and few < many
    assert power_at(gate, 6.0, known, many, runs=RUNS) >= 0.8
    assert rollouts_for(gate, 60.0, known, runs=RUNS) is None, "no room for such a rise"
    tasks = tasks_for(6.0, known, 2)
    assert approximate_effect(like(tasks), 2) <= 6.0 < approximate_effect(like(tasks // 2), 2)


def test_beliefs_keep_what_four_of_four_leave_open() -> None:
    known = beliefs(("a", "b", "c"), {"a": Tally(passes=4, n=4), "b": Tally(passes=0, n=4)})
    assert known.measured and known.tasks == ((4.5, 0.5), (0.5, 4.5), (0.5, 0.5))
    assert known.mean == pytest.approx(0.5) and 0 < known.noise < 0.25
    none = beliefs(("a", "b"), {"a": Tally(missing=3)})
    assert not none.measured and none.tasks == ((0.7, 0.3), (0.7, 0.3))


def test_a_limit_cuts_comparisons_off() -> None:
    gate, known = make_gate("bayes"), like(12)
    free, cut = (share_kept(gate, Edit("dense", 20), known, 2, limit=most, runs=20) for most in (1e9, 12))
    assert free[0] > 0.8 and cut[0] == 0 and cut[1] <= 14


def test_a_forecast_counts_what_is_there_already() -> None:
    gate = make_gate("greedy")
    new = forecast(gate, like(8), [Tally()] * 8, train=8, rollouts=2, iterations=3)
    assert (new.baseline, new.train, new.heldout) == (16, 48, 0)
    assert new.total == new.low == new.high == 64
    had = forecast(gate, like(8), [Tally(passes=1, n=2)] * 8, train=8, rollouts=2, iterations=3)
    assert (had.baseline, had.train) == (0, 48)
    long = forecast(gate, like(8), [Tally()] * 8, train=8, rollouts=2, iterations=30)
    assert (long.baseline, long.train) == (16, 480)
    none = forecast(gate, like(8), [Tally()] * 8, train=8, rollouts=2, iterations=0)
    assert none.total == 16


def test_a_forecast_has_the_held_out_rollouts_of_the_default_gate() -> None:
    found = forecast(make_gate("bayes"), like(16), [Tally()] * 16, train=10, rollouts=2, iterations=2)
    assert found.heldout > 0 and found.low <= found.total <= found.high


@pytest.mark.parametrize(("tasks", "most"), [(40, 40), (12, 12)])
def test_a_ceiling_makes_the_detectable_effect_larger(tasks: int, most: int) -> None:
    known = beliefs([f"t{n}" for n in range(tasks)], {})
    gate = BayesGate(ceiling=Ceiling(rollouts=most))
    simulated = smallest_effect(gate, known, 2, runs=40)
    assert simulated is not None
    assert 0.6 < approximate_effect(known, 2, most) / simulated < 1.6
    assert approximate_effect(known, 2, most) > 1.5 * approximate_effect(known, 2)
