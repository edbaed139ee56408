"""Simulated edits have the size that they state, and gates decide on them through the same method as in the loop."""

from __future__ import annotations

from pathlib import Path
from random import Random
from statistics import fmean

import pytest

from ahe.errors import UsageError
from ahe.gate.choose import GATES
from ahe.power.simulate import Arm, SimulatedComparison, incumbents, simulate
from ahe.power.worlds import Edit, apply, draw_rates, predictions, read_matrix
from benchmarks.gate import Cell, measure
from benchmarks.runs import trajectory


@pytest.mark.parametrize("shape", ["sparse", "dense"])
@pytest.mark.parametrize("points", [5.0, 2.0, -5.0])
def test_an_edit_moves_the_mean_by_its_points(shape: str, points: float) -> None:
    random = Random(1)
    before = draw_rates(89, random)
    after = apply(Edit(shape, points), before, random)  # type: ignore[arg-type]
    assert 100 * (fmean(after) - fmean(before)) == pytest.approx(points, abs=1e-6)
    moved = sum(abs(a - b) > 1e-9 for a, b in zip(after, before, strict=True))
    assert moved < 25 if shape == "sparse" else moved > 80
    assert all(0 <= rate <= 1 for rate in after)


def test_churn_moves_tasks_and_not_the_mean() -> None:
    random = Random(2)
    before = draw_rates(89, random)
    after = apply(Edit("churn"), before, random)
    changes = [a - b for a, b in zip(after, before, strict=True)]
    assert fmean(changes) == pytest.approx(0, abs=1e-9)
    assert max(changes) > 0.2 and min(changes) < -0.2
    assert apply(Edit("noop"), before, random) == before


def test_an_edit_goes_as_far_as_the_ceiling() -> None:
    after = apply(Edit("sparse", 25), (0.9, 0.95, 0.7, 1.0), Random(3))
    assert after[2] == pytest.approx(0.94) and after[3] == 1.0


def test_predictions_are_as_precise_as_published() -> None:
    random = Random(4)
    hits, named = 0, 0
    for _ in range(300):
        before = draw_rates(89, random)
        after = apply(Edit("sparse", 5), before, random)
        fixes, risks = predictions(before, after, random)
        assert len(fixes) == len(set(fixes)) == 6 and len(risks) == 4
        hits += sum(after[task] > before[task] for task in fixes)
        named += len(fixes)
    assert 0.33 < hits / named < 0.5, "the published 34 %, and those met by chance"


def test_a_matrix_is_read_and_a_wrong_one_refused(tmp_path: Path) -> None:
    path = tmp_path / "matrix.csv"
    path.write_text("task,trial,resolved\na,0,1\na,1,0\nb,0,True\nb,1,true\n")
    assert read_matrix(path) == [0.5, 1.0]
    assert set(draw_rates(50, Random(0), read_matrix(path))) == {0.5, 1.0}
    for text in ("task,trial\na,0\n", "task,trial,resolved\na,0,maybe\n", "task,trial,resolved\n"):
        path.write_text(text)
        with pytest.raises(UsageError, match="task,trial,resolved"):
            read_matrix(path)


@pytest.mark.parametrize("name", GATES)
def test_every_gate_comes_to_an_answer_and_pays_for_its_rollouts(name: str) -> None:
    random = Random(6)
    before = draw_rates(12, random)
    simulated = SimulatedComparison(
        Arm(before), Arm(apply(Edit("sparse", 15), before, random)), train=8, rollouts=2
    )
    decision, spent = simulated.decide(GATES[name](), random)
    assert decision.outcome in ("kept", "reverted")
    arms = (simulated.incumbent, simulated.candidate)
    assert spent == sum(tally.n for arm in arms for tally in arm.tallies.values()) > 0


def test_a_comparison_stops_at_its_limit() -> None:
    rates = (0.5,) * 12
    decision, spent = SimulatedComparison(Arm(rates), Arm(rates), train=12, rollouts=2).decide(
        GATES["bayes"](), Random(1), 7
    )
    assert decision.outcome == "more" and 7 <= spent < 10


def test_the_default_gate_keeps_large_gains_and_reverts_large_losses_on_a_small_suite() -> None:
    good, bad, again = (
        simulate(GATES["bayes"](), Edit("dense", points), incumbents(12), runs=60)
        for points in (15.0, -15.0, 15.0)
    )
    assert good.kept > 0.8 and bad.kept < 0.1
    assert good.true_points > 12 and 12 < good.rollouts < 72
    assert again == good, "the same seed, the same table"


def test_a_whole_run_spends_its_budget_and_no_more() -> None:
    found = trajectory(GATES["greedy"], tasks=12, budget=240, runs=10)
    assert found.edits == 9, "24 for the seed and 24 an edit"
    assert found.error == pytest.approx(found.reported - found.true)


def test_a_drifting_endpoint_counts_for_or_against_the_candidate() -> None:
    fell, still, rose = (
        measure(Cell("greedy", 30, Edit("noop"), 60, rollouts=2, seed=0, matrix=(), drift=drift))
        for drift in (-15.0, 0.0, 15.0)
    )
    assert fell.kept < 0.1 < 0.25 < still.kept < 0.7 < 0.9 < rose.kept
    assert fell.true_points == rose.true_points == 0, "the edit does nothing, whatever the endpoint does"
    assert (fell.drift, still.drift) == (-15.0, 0.0)


def test_a_run_on_a_wandering_endpoint_claims_more_than_it_gained() -> None:
    still, wandering = (
        trajectory(GATES["greedy"], tasks=30, budget=900, runs=25, drift=drift) for drift in (0.0, 8.0)
    )
    assert wandering.error > still.error + 2
    assert wandering.harmful > still.harmful
