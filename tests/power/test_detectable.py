"""What a gate detects on a suite: the simulation, and the closed form that is used when a run starts."""

from __future__ import annotations

import math

import pytest

from ahe.gate.bayes import BayesGate
from ahe.gate.choose import make_gate
from ahe.power.detectable import Beliefs, Power, approximate_effect, beliefs, tasks_for
from ahe.power.forecast import forecast
from ahe.power.worlds import Edit
from ahe.records import Ceiling, Tally


def like(tasks: int, a: float = 0.7, b: float = 0.3) -> Beliefs:
    return Beliefs(((a, b),) * tasks, measured=True)


def power(gate: str, known: Beliefs, rollouts: int = 2, limit: float = math.inf) -> Power:
    return Power(make_gate(gate), known, rollouts, limit, runs=60)


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
    simulated = power(gate, known, rollouts).smallest_effect()
    assert simulated is not None
    assert 0.6 < approximate_effect(known, rollouts) / simulated < 1.6


def test_the_smallest_effect_is_detected_and_half_of_it_is_not() -> None:
    sixteen = power("bayes", like(16))
    null, points = sixteen.simulate(Edit("noop")), sixteen.smallest_effect()
    assert null.kept < 0.5 and null.rollouts > 16
    assert points is not None and sixteen.detects(points) and not sixteen.detects(points / 2)


def test_a_gate_that_detects_nothing_has_no_effect_size() -> None:
    assert power("bayes", like(1)).smallest_effect() is None
    assert power("bayes", Beliefs(((999.0, 1.0),) * 9, True)).smallest_effect() is None
    blind = power("flips", like(12))
    assert blind.smallest_effect() is None and blind.simulate(Edit("noop")).kept > 0.6
    assert power("bayes", like(16), limit=10).smallest_effect() is None


def test_a_smaller_effect_takes_more_rollouts_or_tasks() -> None:
    known = like(12)
    twelve = power("bayes", known)
    few, many = (twelve.rollouts_for(points) for points in (15.0, 6.0))
    assert few is not None and many is not None and few < many
    assert power("bayes", known, many).detects(6.0)
    assert power("bayes", known, limit=3).rollouts_for(15.0) == few, "the limit is that of today's budget"
    assert twelve.rollouts_for(60.0) is None, "no room for such a rise"
    tasks = tasks_for(6.0, known, 2)
    assert approximate_effect(like(tasks), 2) <= 6.0 < approximate_effect(like(tasks // 2), 2)


def test_beliefs_keep_what_four_of_four_leave_open() -> None:
    known = beliefs(("a", "b", "c"), {"a": Tally(passes=4, n=4), "b": Tally(passes=0, n=4)})
    assert known.measured and known.tasks == ((4.5, 0.5), (0.5, 4.5), (0.5, 0.5))
    assert known.mean == pytest.approx(0.5) and 0 < known.noise < 0.25
    none = beliefs(("a", "b"), {"a": Tally(missing=3)})
    assert not none.measured and none.tasks == ((0.7, 0.3), (0.7, 0.3))


def test_a_limit_cuts_comparisons_off() -> None:
    free, cut = (power("bayes", like(12), limit=most).simulate(Edit("dense", 20)) for most in (1e9, 12))
    assert free.kept > 0.8 and cut.kept == 0 and cut.rollouts <= 14


def test_a_forecast_counts_what_is_there_already() -> None:
    gate = make_gate("greedy")
    new = forecast(gate, like(8), [Tally()] * 8, train=8, rollouts=2, iterations=3)
    assert (new.baseline, new.train, new.heldout) == (16, 48, 0)
    assert new.low == new.high == 64
    had = forecast(gate, like(8), [Tally(passes=1, n=2)] * 8, train=8, rollouts=2, iterations=3)
    assert (had.baseline, had.train) == (0, 48)
    long = forecast(gate, like(8), [Tally()] * 8, train=8, rollouts=2, iterations=30)
    assert (long.baseline, long.train) == (16, 480)
    none = forecast(gate, like(8), [Tally()] * 8, train=8, rollouts=2, iterations=0)
    assert none.low == none.high == 16


def test_a_forecast_has_the_held_out_rollouts_of_the_default_gate() -> None:
    found = forecast(make_gate("bayes"), like(16), [Tally()] * 16, train=10, rollouts=2, iterations=2)
    total = found.baseline + found.train + found.heldout
    assert found.heldout > 0 and found.low <= total <= found.high


@pytest.mark.parametrize(("tasks", "most"), [(40, 40), (12, 12)])
def test_a_ceiling_makes_the_detectable_effect_larger(tasks: int, most: int) -> None:
    known = beliefs([f"t{n}" for n in range(tasks)], {})
    gate = BayesGate(ceiling=Ceiling(rollouts=most))
    simulated = Power(gate, known, 2, runs=40).smallest_effect()
    assert simulated is not None
    assert 0.6 < approximate_effect(known, 2, most) / simulated < 1.6
    assert approximate_effect(known, 2, most) > 1.5 * approximate_effect(known, 2)
