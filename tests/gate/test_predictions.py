"""Predictions are scored by how probably a task changed, beside what naming tasks at random would score."""

from __future__ import annotations

from random import Random

import pytest
from arms import pair, same

from ahe.gate.posterior import posterior
from ahe.gate.predictions import fixes, observed, regressions, scored
from ahe.records import Observed, PredictionScore, Verdict


def task(name: str, b: int, c: int, changed: float | None, n: int = 2) -> Observed:
    return Observed(task=name, b=b, n_b=n, c=c, n_c=n, changed=changed)


TASKS = (
    task("up", 0, 2, 0.8),
    task("also-up", 1, 2, 0.3),
    task("down", 2, 0, 0.6),
    task("still", 2, 2, 0.1),
    Observed(task="missing", b=2, n_b=2, c=0, n_c=0),
)


def test_hits_are_expected_and_only_in_the_direction_that_was_named() -> None:
    found = fixes(["up", "down", "still"], TASKS)
    assert (found.named, found.hits, found.observed) == (3, 0.8, 1.1)
    assert "precision 0.27, at random 0.27; recall 0.73, at random 0.75" in str(found)
    feared = regressions(["down"], TASKS)
    assert feared.hits == 0.6 and "precision 0.60, at random 0.15; recall 1.00" in str(feared)


def test_a_task_without_a_scored_rollout_is_counted_nowhere() -> None:
    with_missing, without = (fixes(names, TASKS) for names in (["up", "missing"], ["up"]))
    assert with_missing == without
    assert fixes(["missing", "unknown"], TASKS).named == 0


def test_naming_a_task_twice_counts_once() -> None:
    assert fixes(["up", "up"], TASKS) == fixes(["up"], TASKS)


def test_nothing_named_and_nothing_happened_divide_by_nothing() -> None:
    nothing = fixes([], TASKS)
    assert nothing.hits == nothing.chance == 0.0 and str(nothing) == "none named, 1.1 observed"
    still = fixes(["still"], [TASKS[3]])
    assert "precision 0.00, at random 0.00; recall –, at random –" in str(still)
    assert fixes(["a"], []) == PredictionScore()


def test_the_random_baseline_is_what_random_names_score() -> None:
    rng = Random(3)
    tasks = [task(f"t{n}", *rng.choice([(0, 2), (2, 0), (1, 1), (0, 1)]), rng.random()) for n in range(30)]
    names = [each.task for each in tasks]
    drawn = [fixes(rng.sample(names, 7), tasks) for _ in range(4_000)]
    stated = fixes(names[:7], tasks)
    assert sum(each.hits for each in drawn) / len(drawn) == pytest.approx(stated.chance, rel=0.02)
    assert stated.chance == pytest.approx(7 * stated.observed / 30, abs=1e-4)
    assert fixes(names, tasks).hits / 30 == pytest.approx(stated.chance / 7, abs=1e-4)


def test_a_run_is_the_sum_of_its_changes() -> None:
    one, other = fixes(["up"], TASKS), fixes(["still", "down"], TASKS)
    run = sum([one, other], PredictionScore())
    assert (run.named, run.hits) == (3, 0.8)
    assert run.observed == pytest.approx(2.2)
    assert run.chance == pytest.approx(one.chance + other.chance)


def test_a_flip_that_noise_explains_is_hardly_a_hit() -> None:
    """One rollout of two flipped on a task of a suite in which everything is uncertain."""
    pairs = {**same(20, (1, 2), (1, 2)), "flip": pair((0, 2), (1, 2)), "sure": pair((0, 12), (12, 12))}
    tasks = observed(pairs)
    assert fixes(["flip"], tasks).hits < 0.2
    assert fixes(["sure"], tasks).hits > 0.99


def test_observed_holds_every_task_that_was_tried_with_the_posteriors_own_pi() -> None:
    pairs = {"a": pair((0, 2), (2, 2)), "b": pair((0, 0, 2), (1, 2)), "c": pair((0, 0), (0, 0))}
    found = {each.task: each for each in observed(pairs, 2.0)}
    assert set(found) == {"a", "b"}
    whole = posterior(pairs, 2.0)
    assert whole is not None
    assert found["a"].changed == pytest.approx(whole.tasks["a"].changed, abs=1e-4)
    assert found["b"].changed is None and (found["b"].up, found["b"].down) == (0.0, 0.0)


def test_each_change_of_a_candidate_is_scored_by_its_own_predictions() -> None:
    whole = Verdict(outcome="kept", reason="r", predicted=("up", "still"), tasks=TASKS)
    one, other = scored(whole, ["up"], []), scored(whole, ["still"], ["down"])
    assert one.predicted == ("up",) and one.fixes is not None and one.fixes.hits == 0.8
    assert other.fixes is not None and other.fixes.hits == 0.0
    assert other.regressions is not None and other.regressions.hits == 0.6
    unmeasured = Verdict(outcome="unchanged", reason="r")
    assert scored(unmeasured, ["up"], []) == unmeasured


def test_the_sentence_names_both_baselines() -> None:
    text = str(fixes(["up", "still"], TASKS))
    assert text == "0.8 of 2 came true (precision 0.40, at random 0.28; recall 0.73, at random 0.50)"
