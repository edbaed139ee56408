"""The paired gate's decisions, case by case."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.gate.paired import KEEP, PairedGate, measured
from ahe.records import Comparison, Decision, Tally

GATE = PairedGate()


def pair(b: tuple[int, ...], c: tuple[int, ...]) -> tuple[Tally, Tally]:
    """(passes, n) or (passes, n, missing) of incumbent and candidate."""
    names = ("passes", "n", "missing")
    one, other = (Tally(**dict(zip(names, arm, strict=False))) for arm in (b, c))
    return one, other


def same(
    count: int, b: tuple[int, ...], c: tuple[int, ...], name: str = "t"
) -> dict[str, tuple[Tally, Tally]]:
    return {f"{name}{number}": pair(b, c) for number in range(count)}


def decide(train: dict[str, tuple[Tally, Tally]], **more: Any) -> Decision:
    return GATE.decide(Comparison(train=train, rollouts=2, **more))


def test_better_on_train_without_heldout_is_kept() -> None:
    decision = decide(same(6, (0, 2), (2, 2)))
    assert decision.outcome == "kept"
    assert decision.score is not None and decision.score > 0.99
    assert decision.raw_delta == 1.0
    assert decision.delta is not None and decision.delta.low < 1.0 < decision.delta.high
    assert "no held-out tasks" in decision.reason


@pytest.mark.parametrize(
    ("train", "outcome"),
    [
        (same(6, (1, 2), (1, 2)), "reverted"),  # a tie
        (same(6, (0, 2), (0, 2)), "reverted"),  # nothing passes, before and after
        (same(6, (2, 2), (2, 2)), "reverted"),  # everything passes already
        (same(6, (2, 2), (0, 2)), "reverted"),  # worse everywhere
        ({**same(3, (0, 2), (2, 2)), **same(3, (2, 2), (0, 2), "u")}, "reverted"),  # up as much as down
        ({**same(3, (0, 2), (2, 2)), **same(1, (2, 2), (0, 2), "u")}, "kept"),  # up more than down
        ({**same(11, (1, 2), (1, 2)), **same(1, (0, 2), (2, 2), "u")}, "kept"),  # one of twelve tasks
        (same(1, (0, 2), (1, 2)), "kept"),  # one task, one pass
    ],
)
def test_train_decides_first(train: dict[str, tuple[Tally, Tally]], outcome: str) -> None:
    assert decide(train).outcome == outcome


def test_a_small_gain_in_much_noise_is_not_enough() -> None:
    train = {**same(49, (1, 2), (1, 2)), **same(1, (0, 2), (1, 2), "u")}
    decision = decide(train)
    assert decision.outcome == "reverted"
    assert decision.raw_delta is not None and decision.raw_delta > 0
    assert decision.score is not None and decision.score < KEEP
    assert "not shown to be better" in decision.reason


# ---------------------------------------------------------------- what it asks for


def test_it_asks_for_what_is_missing_and_for_nothing_else() -> None:
    train = {"a": pair((1, 2), (1, 2)), "b": pair((1, 1), (1, 2)), "c": pair((0, 0), (0, 0))}
    decision = decide(train)
    assert decision.outcome == "more"
    assert [(ask.task, ask.arm, ask.n) for ask in decision.asks] == [
        ("b", "incumbent", 2),
        ("c", "incumbent", 2),
        ("c", "candidate", 2),
    ]


def test_a_trial_that_broke_was_tried() -> None:
    assert decide(same(5, (0, 2), (2, 2)) | {"b": pair((0, 1, 1), (2, 2))}).outcome == "kept"


def test_heldout_is_asked_for_only_when_train_says_keep() -> None:
    good, bad = same(6, (0, 2), (2, 2)), same(6, (2, 2), (0, 2))
    asked = decide(good, heldout_tasks=("h0", "h1"))
    assert asked.outcome == "more"
    assert {(ask.task, ask.arm) for ask in asked.asks} == {
        (task, arm) for task in ("h0", "h1") for arm in ("incumbent", "candidate")
    }
    assert decide(bad, heldout_tasks=("h0", "h1")).outcome == "reverted"


# ---------------------------------------------------------------- held-out


@pytest.mark.parametrize(
    ("heldout", "outcome", "delta"),
    [
        (same(4, (1, 2), (1, 2), "h"), "kept", 0.0),
        (same(4, (1, 2), (2, 2), "h"), "kept", 0.5),
        (same(4, (1, 2), (0, 2), "h"), "reverted", -0.5),
    ],
)
def test_heldout_must_not_fall(heldout: dict[str, Any], outcome: str, delta: float) -> None:
    decision = decide(same(6, (0, 2), (2, 2)), heldout=heldout, heldout_tasks=tuple(heldout))
    assert (decision.outcome, decision.heldout_delta) == (outcome, delta)
    assert decision.raw_delta == 1.0, "the score is train's"


# ---------------------------------------------------------------- missing trials


def test_missing_is_not_failed() -> None:
    decision = decide({**same(9, (0, 2), (2, 2)), "x": pair((1, 2), (0, 1, 1))})
    assert decision.outcome == "kept"
    assert decision.raw_delta == pytest.approx((9 - 0.5) / 10)


def test_arms_that_miss_different_shares_decide_nothing() -> None:
    train = {**same(7, (0, 2), (2, 2)), **same(3, (0, 2), (1, 1, 1), "u")}
    decision = decide(train)
    assert decision.outcome == "undecided"
    assert "0% and 15%" in decision.reason


def test_too_many_missing_trials_decide_nothing() -> None:
    decision = decide(same(5, (0, 1, 1), (1, 1, 1)))
    assert decision.outcome == "undecided"
    assert "too many trials are missing" in decision.reason
    assert decide(same(5, (0, 0, 2), (0, 0, 2))).outcome == "undecided"


def test_missing_heldout_trials_decide_nothing() -> None:
    heldout = same(4, (0, 0, 2), (1, 2), "h")
    decision = decide(same(6, (0, 2), (2, 2)), heldout=heldout, heldout_tasks=tuple(heldout))
    assert decision.outcome == "undecided"
    assert decision.reason.startswith("held-out: ")


def test_no_task_at_all_decides_nothing() -> None:
    assert decide({}).outcome == "undecided"


# ---------------------------------------------------------------- what always holds

ARM = st.integers(1, 8).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
PAIRS = st.dictionaries(st.sampled_from("abcdefgh"), st.builds(pair, ARM, ARM), min_size=1)


@given(PAIRS)
def test_the_score_agrees_with_the_difference(pairs: dict[str, tuple[Tally, Tally]]) -> None:
    raw, score, interval = measured(pairs)
    assert -1 <= raw <= 1 and 0 <= score <= 1
    assert interval.low < interval.mean < interval.high
    assert (score > 0.5) == (raw > 0)


@given(PAIRS)
def test_swapping_the_arms_turns_the_answer_round(pairs: dict[str, tuple[Tally, Tally]]) -> None:
    raw, score, _ = measured(pairs)
    back = measured({task: (c, b) for task, (b, c) in pairs.items()})
    assert back[0] == pytest.approx(-raw) and back[1] == pytest.approx(1 - score)


@given(PAIRS, PAIRS, st.integers(1, 4))
def test_it_always_answers_and_asks_only_for_what_is_short(
    train: dict[str, Any], heldout: dict[str, Any], rollouts: int
) -> None:
    comparison = Comparison(train=train, heldout=heldout, heldout_tasks=tuple(heldout), rollouts=rollouts)
    decision = GATE.decide(comparison)
    assert decision.reason
    assert bool(decision.asks) == (decision.outcome == "more")
    for ask in decision.asks:
        tally = {**heldout, **train}[ask.task] if ask.task in train else heldout[ask.task]
        assert ask.n == rollouts
        assert tally is not None
