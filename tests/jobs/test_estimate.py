"""The estimate before a run: from the store where it can, from stated assumptions where it cannot."""

from __future__ import annotations

from pathlib import Path

import made_project
import pytest
from world import git

from ahe.jobs.estimate import estimate
from ahe.project.project import open_project
from ahe.views.studies import estimate_lines, estimate_table

PERSON = ("-c", "user.name=P", "-c", "user.email=p@example.org")
PRICED = {"usd_per_million_input": 1.0, "usd_per_million_output": 10.0}


def half(tasks: int, attempts: int = 2) -> dict[str, list[bool]]:
    return {f"t{n:02d}": [n % 2 == 0] * attempts for n in range(tasks)}


def test_without_trials_the_numbers_are_assumed_and_say_so(tmp_path: Path) -> None:
    found = estimate(made_project.make(tmp_path, 6, 3), iterations=2)
    parts = {cost.part: cost for cost in found.costs}
    assert parts["baseline"].rollouts == 12 and parts["comparisons"].rollouts > 0
    assert parts["held-out"].rollouts > 0
    assert parts["baseline"].basis == parts["evolver"].basis == "assumed"
    assert parts["debugger"].basis == "asks no model"
    assert not found.measured and found.total.tokens == sum(cost.tokens for cost in found.costs)
    assert "in part assumed" in estimate_lines(found)[0]
    assert "no trial yet" in estimate_table(found)


def test_trials_in_the_store_are_what_it_counts_with(tmp_path: Path) -> None:
    project = made_project.make(tmp_path, 6, model=PRICED, evolve={"jobs": 4})
    made_project.fill(project, half(5))
    found = estimate(project, iterations=1)
    baseline, comparisons = found.costs[:2]
    assert baseline.rollouts == 2, "one task is left to be measured"
    assert baseline.tokens == 2 * made_project.USAGE.tokens
    assert baseline.usd == pytest.approx(2 * (9_000 * 1.0 + 1_000 * 10.0) / 1e6)
    assert baseline.seconds == 2 * 8.0 / 4
    assert comparisons.basis == "mean of 10 trials" and found.measured


def test_several_changes_at_once_cost_what_telling_them_apart_takes(tmp_path: Path) -> None:
    project = made_project.make(tmp_path, 40)
    one = estimate(project, iterations=2)
    assert "attribution" not in {cost.part for cost in one.costs}
    two = estimate(open_project(tmp_path, {"evolve.changes": 3}), iterations=2)
    (attribution,) = [cost for cost in two.costs if cost.part == "attribution"]
    assert attribution.rollouts == 2 * (1 + 3 + 2 + 1) * 8 * 6 and "3 changes" in attribution.basis
    assert two.low > attribution.rollouts and two.total.rollouts > attribution.rollouts
    form = estimate(open_project(tmp_path, {"evolve.changes": 3, "evolve.editor": "proposal"}), iterations=2)
    assert "attribution" not in {cost.part for cost in form.costs}


def test_variants_cost_a_race_and_an_edit_each(tmp_path: Path) -> None:
    project = made_project.make(tmp_path, 40)
    one, four = (
        estimate(project, iterations=2),
        estimate(open_project(tmp_path, {"evolve.variants": 4}), iterations=2),
    )
    parts = {cost.part: cost for cost in four.costs}
    assert parts["race"].rollouts == 2 * (4 + 2) * 24 and "race" not in {cost.part for cost in one.costs}
    assert parts["evolver"].tokens == 4 * next(cost.tokens for cost in one.costs if cost.part == "evolver")
    assert four.low == one.low + parts["race"].rollouts
    plays = estimate(
        open_project(tmp_path, {"evolve.variants": 4, "evolve.strategy": "playbook"}), iterations=2
    )
    assert {cost.part: cost.basis for cost in plays.costs}["evolver"] == "asks no model"


def test_changes_that_wait_in_one_candidate_are_told_apart_once(tmp_path: Path) -> None:
    project = made_project.make(tmp_path, 40)
    for number in (1, 2, 3):
        (project.config.workspace / "memory.md").write_text(f"{number}\n", "utf-8")
        trailers = f"Ahe-Change: 001-{number}\nAhe-Kind: memory"
        git(tmp_path, *PERSON, "commit", "-q", "-a", "-m", f"memory: {number}", "-m", trailers)
    found = estimate(project, iterations=2)
    (attribution,) = [cost for cost in found.costs if cost.part == "attribution"]
    assert attribution.rollouts == (1 + 3 + 2 + 1) * 8 * 6


@pytest.mark.parametrize("ceiling", [{"rollouts": 10}, {"tokens": 10 * 10_000}, {"usd": 10 * 0.019}])
def test_a_ceiling_bounds_the_comparisons_that_are_played(tmp_path: Path, ceiling: dict[str, float]) -> None:
    project = made_project.make(tmp_path, 8, model=PRICED)
    made_project.fill(project, half(8))
    free = estimate(project, iterations=3).costs[1]
    bound = estimate(open_project(tmp_path, {"evolve.comparison": ceiling}), iterations=3).costs[1]
    assert free.rollouts > 3 * 10 >= bound.rollouts > 0


def test_a_budget_that_covers_no_iteration_is_warned_of(tmp_path: Path) -> None:
    project = made_project.make(tmp_path, 6, budget={"rollouts": 14})
    found = estimate(project, iterations=3)
    assert found.limit == "14 rollouts" and found.covered is not None and found.covered < 1
    assert any("does not cover one iteration" in text for text in found.warnings)
    enough = estimate(open_project(tmp_path, {"budget.rollouts": 5_000}), iterations=3)
    assert enough.covered is not None and enough.covered > 3 and not enough.warnings
    assert "covers them all" in estimate_table(enough)


def test_money_counts_only_where_there_is_a_price(tmp_path: Path) -> None:
    project = made_project.make(tmp_path, 6, model=PRICED, budget={"usd": 0.5})
    found = estimate(project, iterations=5)
    assert found.limit == "$0.50" and found.covered is not None and found.covered < 5
    other = {"name": "some-model", "base_url": "http://127.0.0.1:1/v1"}
    unknown = estimate(open_project(tmp_path, {f"model.{key}": value for key, value in other.items()}))
    assert unknown.covered is not None, "the price stands in ahe.toml"
    text = (tmp_path / "ahe.toml").read_text().replace("usd_per_million", "# usd_per_million")
    (tmp_path / "ahe.toml").write_text(text)
    unpriced = estimate(open_project(tmp_path, {f"model.{key}": value for key, value in other.items()}))
    assert unpriced.total.usd is None and unpriced.covered is None
    assert "price unknown" in estimate_lines(unpriced)[0]


def test_a_suite_that_can_see_nothing_is_warned_of(tmp_path: Path) -> None:
    tiny = estimate(made_project.make(tmp_path / "tiny", 2, evolve={"rollouts": 1}), iterations=1)
    assert tiny.points is not None and tiny.points > 30
    assert any("use more tasks" in text for text in tiny.warnings)
    solved = made_project.make(tmp_path / "solved", 8, evolve={"rollouts": 1})
    made_project.fill(solved, {f"t{n:02d}": [True] * 20 for n in range(8)})
    assert any("use harder tasks" in text for text in estimate(solved, iterations=1).warnings)


def test_temperature_0_is_warned_of(tmp_path: Path) -> None:
    found = estimate(made_project.make(tmp_path, 6, model={"temperature": 0.0}), iterations=1)
    assert any("copies" in text for text in found.warnings)


def test_a_ceiling_that_lets_nothing_be_seen_is_warned_of(tmp_path: Path) -> None:
    made_project.make(tmp_path, 12)
    free, bound = (
        estimate(open_project(tmp_path, {"evolve.comparison": {"rollouts": most}}), iterations=1)
        for most in (0, 3)
    )
    assert free.points is not None and bound.points is not None and bound.points > 30 > free.points
    assert not any("comparison" in warning for warning in free.warnings)
    assert any("or raise [evolve] comparison" in warning for warning in bound.warnings)


def test_a_ceiling_in_money_without_a_price_is_warned_of(tmp_path: Path) -> None:
    made_project.make(tmp_path, 12, model={"name": "m", "base_url": "http://127.0.0.1:9/v1"})
    flags = {"evolve.comparison": {"usd": 0.5}}
    assert any(
        "price is not known" in warning for warning in estimate(open_project(tmp_path, flags)).warnings
    )
    priced = {f"model.{key}": value for key, value in PRICED.items()}
    found = estimate(open_project(tmp_path, {**flags, **priced}))
    assert not any("price is not known" in warning for warning in found.warnings)
