"""Telling pieces apart: planted effects, masking, doubles, dependence, missing trials, cost, and resuming."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from arms import pair, same

from ahe.gate.attribution import (
    DEEPEST,
    HIGHEST,
    MOST_TASKS,
    PROVE_BAD,
    PROVE_GOOD,
    AttributionQuestion,
    AttributionStep,
    BurdenOfProof,
    LeftOut,
    Piece,
    attribute,
    disputed,
    most_rollouts,
)

TASKS = tuple(f"t{number}" for number in range(8))
Rate = Callable[[LeftOut, int], float | None]
"""Pass rate of a tree at a task; None where its trials break."""
Rolls = dict[LeftOut, dict[str, list[bool | None]]]


def play(
    rate: Rate,
    *pieces: str | Piece,
    burden: BurdenOfProof = PROVE_GOOD,
    seed: int = 0,
    rolls: Rolls | None = None,
) -> tuple[AttributionStep, Rolls]:
    """Run what is asked for until there is an answer. A trial's outcome depends on tree, task and attempt alone."""
    rolls = {} if rolls is None else rolls
    named = tuple(piece if isinstance(piece, Piece) else Piece(piece) for piece in pieces)
    while (step := attribute(AttributionQuestion(named, TASKS, 32, burden, rolls))).requests:
        for request in step.requests:
            done = rolls.setdefault(request.without, {}).setdefault(request.task, [])
            while len(done) < request.n:
                done.append(outcome(rate, request.without, request.task, len(done), seed))
    return step, rolls


def outcome(rate: Rate, without: LeftOut, task: str, attempt: int, seed: int) -> bool | None:
    share = rate(without, int(task[1:]))
    dice = Random(f"{seed} {sorted(without)} {task} {attempt}").random()
    return None if share is None else dice < share


def outcomes(step: AttributionStep) -> dict[str, str]:
    return {share.piece: share.outcome for share in step.verdicts}


def cost(rolls: Rolls) -> int:
    return sum(len(done) for tasks in rolls.values() for done in tasks.values())


def additive(**effects: float) -> Rate:
    """Half of the tasks pass half of the time; a piece moves the rate of every task."""
    return lambda without, _: min(1, max(0, 0.5 + sum(by for n, by in effects.items() if n not in without)))


def test_a_helpful_and_a_harmful_piece_are_told_apart() -> None:
    step, rolls = play(additive(good=0.4, bad=-0.4), "good", "bad")
    assert outcomes(step) == {"good": "kept", "bad": "reverted"}
    good, bad = step.verdicts
    assert good.score > 0.9 > 0.1 > bad.score
    assert good.delta.mean > 0 > bad.delta.mean
    assert cost(rolls) <= most_rollouts(2, len(TASKS))


def test_a_delta_is_in_terms_of_the_whole_train_split() -> None:
    (share,) = play(additive(good=0.5), "good")[0].verdicts
    assert share.raw == pytest.approx(share.found.raw * 8 / 32)
    assert share.delta.mean == pytest.approx(share.found.mean * 8 / 32)


def test_a_null_piece_is_reverted_as_unproven_or_kept_with_an_interval_over_zero() -> None:
    kept = {PROVE_GOOD: 0, PROVE_BAD: 0}
    for burden in kept:
        for seed in range(40):
            (share,) = play(additive(), "null", burden=burden, seed=seed)[0].verdicts
            kept[burden] += share.outcome == "kept"
            if share.outcome == "kept" and burden is PROVE_BAD:
                assert share.delta.high > 0
    assert kept[PROVE_GOOD] <= 16 < 26 <= kept[PROVE_BAD]


def test_a_piece_that_breaks_everything_hides_no_good_one() -> None:
    """With it in, leaving the good one out changes nothing: so the good one is judged again without it."""

    def rate(without: LeftOut, task: int) -> float:
        return 0.0 if "block" not in without else 0.2 if "good" in without else 0.9

    step, _ = play(rate, "good", "null", "block")
    assert outcomes(step) == {"good": "kept", "null": "reverted", "block": "reverted"}
    assert "block" in step.verdicts[0].base


def test_of_two_pieces_that_do_the_same_one_stays() -> None:
    step, _ = play(lambda without, _: 0.0 if {"one", "other"} <= without else 1.0, "one", "other")
    assert sorted(outcomes(step).values()) == ["kept", "reverted"]


def test_a_piece_goes_with_what_builds_on_it_unless_they_hold_together() -> None:
    """`base` does nothing alone; `top` repairs what it broke, and looks good, but both are worth nothing."""

    def repaired(without: LeftOut, task: int) -> float:
        assert "base" not in without or "top" in without, "base cannot leave alone"
        return 0.3 if without == {"top"} else 0.5

    pieces = (Piece("base", frozenset({"top"})), Piece("top"))
    for seed in range(10):
        step, _ = play(repaired, *pieces, seed=seed)
        assert outcomes(step)["base"] == "kept" or outcomes(step)["top"] == "reverted"
    step, _ = play(additive(top=0.4), *pieces)
    assert outcomes(step) == {"base": "kept", "top": "kept"}
    assert step.verdicts[0].together == ("top",)
    step, _ = play(additive(base=-0.4), *pieces)
    assert outcomes(step) == {"base": "reverted", "top": "reverted"}


def test_what_is_missing_decides_nothing() -> None:
    step, _ = play(lambda without, _: None if "bad" in without else 0.5, "good", "bad")
    assert not step.verdicts
    assert "missing" in step.problem
    step, _ = play(lambda without, task: None if task == 0 else 0.9 if "bad" in without else 0.1, "bad")
    assert outcomes(step) == {"bad": "reverted"}, "a task that breaks in both arms alike"


def test_trees_alternate_in_time_and_both_arms_are_asked_alike() -> None:
    requests = attribute(AttributionQuestion((Piece("a"), Piece("b")), TASKS, 32, PROVE_GOOD)).requests
    assert [(request.task, sorted(request.without)) for request in requests[:6]] == [
        (task, without) for task in ("t0", "t1") for without in ([], ["a"], ["b"])
    ]


@pytest.mark.parametrize("seed", range(6))
def test_cut_off_anywhere_it_asks_for_the_same_trials_and_says_the_same(seed: int) -> None:
    rate = additive(good=0.2, bad=-0.2)
    whole, rolls = play(rate, "good", "null", "bad", seed=seed)
    dice = Random(seed)
    some = {
        tree: {task: done[: dice.randint(0, len(done))] for task, done in tasks.items()}
        for tree, tasks in rolls.items()
        if dice.random() < 0.7
    }
    again, more = play(rate, "good", "null", "bad", seed=seed, rolls=some)
    assert again == whole
    assert cost(more) == cost(rolls)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_the_cost_is_bounded(count: int) -> None:
    for seed in range(5):
        _, rolls = play(additive(), *(f"p{n}" for n in range(count)), seed=seed)
        assert cost(rolls) <= most_rollouts(count, len(TASKS))
        assert max(len(done) for tasks in rolls.values() for done in tasks.values()) <= DEEPEST


def test_disputed_are_what_moved_most_probably_and_what_was_named() -> None:
    train = {**same(20, (2, 2), (2, 2)), **same(3, (8, 8), (0, 2), "down"), **same(3, (0, 2), (2, 2), "up")}
    tasks = disputed(train, ["t19", "t18", "nowhere"])
    assert set(tasks[:6]) == {f"{name}{n}" for name in ("down", "up") for n in range(3)}
    assert len(tasks) == HIGHEST + 2
    assert {"t18", "t19"} <= set(tasks)
    assert len(disputed(train, list(train))) == MOST_TASKS
    assert disputed({"untried": pair((2, 2), (0, 0))}) == ()
