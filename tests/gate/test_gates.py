"""What every gate shares, and the truth tables of the plain ones."""

from __future__ import annotations

from typing import Any

import pytest
from arms import Pair, decide, pair, same
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ahe.errors import UsageError
from ahe.gate.choose import GATES, FlipsGate, GreedyGate, LeanGate, ParetoGate, StrictGate, make_gate
from ahe.protocols import Gate
from ahe.records import Comparison

UP, DOWN, TIE = same(6, (0, 2), (2, 2)), same(6, (2, 2), (0, 2)), same(6, (1, 2), (1, 2))
EACH = pytest.mark.parametrize("name", GATES)
KEEP_TIES = {"flips", "lean"}
"""Gates that keep a candidate whose arms measured alike."""


def test_an_unknown_gate_is_refused_with_the_names() -> None:
    with pytest.raises(UsageError, match="bayes, strict, pareto, greedy, flips, lean"):
        make_gate("paired")


# ---------------------------------------------------------------- what holds for each


@EACH
def test_nothing_is_decided_before_its_rollouts(name: str) -> None:
    decision = decide(make_gate(name), same(3, (1, 2), (0, 0)))
    assert decision.outcome == "more"
    assert {request.arm for request in decision.requests} == {"candidate"}


@EACH
def test_a_trial_that_broke_was_tried(name: str) -> None:
    decision = decide(make_gate(name), {**same(9, (0, 2), (2, 2)), "b": pair((0, 1, 1), (2, 2))})
    assert decision.outcome == "kept"


@EACH
@pytest.mark.parametrize(
    ("train", "reason"),
    [
        ({**same(7, (0, 2), (2, 2)), **same(3, (0, 2), (1, 1, 1), "u")}, "0% and 15%"),
        (same(5, (0, 1, 1), (1, 1, 1)), "too many trials are missing"),
        (same(5, (0, 0, 2), (0, 0, 2)), "too many trials are missing"),
        ({}, "missing"),
    ],
)
def test_missing_rollouts_decide_nothing(name: str, train: dict[str, Pair], reason: str) -> None:
    decision = decide(make_gate(name), train)
    assert decision.outcome == "undecided"
    assert reason in decision.reason


@EACH
def test_missing_is_not_failed(name: str) -> None:
    decision = decide(make_gate(name), {**same(9, (0, 2), (2, 2)), "x": pair((1, 2), (0, 1, 1))})
    assert decision.outcome == "kept"
    assert decision.raw_delta == pytest.approx((9 - 0.5) / 10)


@EACH
def test_a_verdict_says_how_sure_it_is(name: str) -> None:
    decision = decide(make_gate(name), UP)
    assert decision.outcome == "kept" and decision.raw_delta == 1.0
    assert decision.score is not None and decision.score > 0.9
    assert decision.delta is not None and decision.delta.low < decision.delta.mean < decision.delta.high


ARM = st.integers(1, 8).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(0, 2)))
PAIRS = st.dictionaries(st.sampled_from("abcdefgh"), st.builds(pair, ARM, ARM), min_size=1)


@EACH
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(train=PAIRS, heldout=PAIRS, rollouts=st.integers(1, 4))
def test_it_always_answers_and_asks_for_what_is_not_there(
    name: str, train: dict[str, Any], heldout: dict[str, Any], rollouts: int
) -> None:
    heldout = {task.upper(): both for task, both in heldout.items()}
    comparison = Comparison(
        train=train, heldout=heldout, heldout_tasks=tuple(heldout), rollouts=rollouts, candidate="c"
    )
    gate: Gate = make_gate(name)
    decision = gate.decide(comparison)
    assert decision == gate.decide(comparison), "the same question has the same answer"
    assert decision.reason and bool(decision.requests) == (decision.outcome == "more")
    for request in decision.requests:
        tally = {**train, **heldout}[request.task][request.arm == "candidate"]
        assert request.n > tally.n + tally.missing


@EACH
@pytest.mark.parametrize("arm", [(2, 2), (0, 2), (1, 2)])
def test_arms_that_measured_alike_are_kept_only_where_a_gate_says_so(name: str, arm: tuple[int, int]) -> None:
    train = same(6, arm, arm)
    while (decision := decide(make_gate(name), train, candidate="c")).outcome == "more":
        for request in decision.requests:
            train[request.task] = pair((arm[0], request.n), (arm[0], request.n))
    assert decision.outcome == ("kept" if name in KEEP_TIES else "reverted")
    assert decision.score == pytest.approx(0.5), "nothing speaks for it, nothing against it"


# ---------------------------------------------------------------- truth tables


@pytest.mark.parametrize(
    ("train", "outcome"),
    [
        (UP, "kept"),
        (DOWN, "reverted"),
        (TIE, "reverted"),
        ({**same(49, (1, 2), (1, 2)), **same(1, (0, 2), (1, 2), "u")}, "kept"),  # by however little
        ({**same(3, (0, 2), (2, 2)), **same(3, (2, 2), (0, 2), "u")}, "reverted"),  # up as much as down
    ],
)
def test_greedy_keeps_what_measured_higher(train: dict[str, Pair], outcome: str) -> None:
    assert decide(GreedyGate(), train).outcome == outcome
    held = decide(GreedyGate(), train, heldout={}, heldout_tasks=("h",))
    assert held.outcome == outcome, "held-out is not asked"


@pytest.mark.parametrize(
    ("train", "heldout", "outcome"),
    [
        (UP, UP, "kept"),
        (UP, TIE, "kept"),
        (TIE, UP, "kept"),
        (TIE, TIE, "reverted"),
        (UP, DOWN, "reverted"),
        (TIE, DOWN, "reverted"),
        (DOWN, UP, "reverted"),
        (UP, same(6, (0, 0, 2), (1, 2)), "undecided"),
    ],
)
def test_strict_wants_no_fall_and_one_rise(
    train: dict[str, Pair], heldout: dict[str, Pair], outcome: str
) -> None:
    heldout = {f"h{task}": both for task, both in heldout.items()}
    assert decide(StrictGate(), train, heldout=heldout).outcome == outcome


def test_strict_without_heldout_is_train_alone_and_a_fall_asks_for_none() -> None:
    assert [decide(StrictGate(), train).outcome for train in (UP, TIE, DOWN)] == [
        "kept",
        "reverted",
        "reverted",
    ]
    assert decide(StrictGate(), DOWN, heldout_tasks=("h",)).outcome == "reverted"
    asked = decide(StrictGate(), TIE, heldout_tasks=("h",))
    assert [(request.task, request.arm, request.n) for request in asked.requests] == [
        ("h", "incumbent", 2),
        ("h", "candidate", 2),
    ]


@pytest.mark.parametrize(
    ("train", "tokens", "outcome"),
    [
        (UP, (100, 90), "kept"),
        (UP, (100, 100), "kept"),
        (TIE, (100, 90), "kept"),
        (TIE, (100, 100), "reverted"),
        (UP, (100, 110), "reverted"),
        (DOWN, (100, 1), "reverted"),
        (UP, None, "kept"),
        (TIE, None, "reverted"),
    ],
)
def test_pareto_wants_strict_dominance(
    train: dict[str, Pair], tokens: tuple[float, float] | None, outcome: str
) -> None:
    assert decide(ParetoGate(), train, tokens=tokens).outcome == outcome


@pytest.mark.parametrize(
    ("train", "tokens", "outcome"),
    [
        (TIE, (100, 90), "kept"),
        (TIE, (100, 100), "reverted"),
        (TIE, (100, 110), "reverted"),
        (UP, (100, 110), "reverted"),  # better is not what a removal is for
        (DOWN, (100, 1), "reverted"),
        ({**same(20, (2, 2), (2, 2)), **same(1, (2, 2), (1, 2), "d")}, (100, 90), "kept"),
    ],
)
def test_lean_wants_no_real_fall_and_fewer_tokens(
    train: dict[str, Pair], tokens: tuple[float, float], outcome: str
) -> None:
    decision = decide(LeanGate(extra=0), train, tokens=tokens)
    assert decision.outcome == outcome, decision.reason


@pytest.mark.parametrize(
    ("predicts", "risks", "outcome"),
    [
        (("up",), (), "kept"),
        ((), ("down",), "reverted"),
        (("up",), ("down",), "kept"),  # mixed
        (("same", "half"), ("down",), "reverted"),
        (("same",), ("same",), "kept"),  # ineffective is not harmful
        ((), (), "kept"),  # who names no risk is never harmful, whatever falls
        (("nowhere",), ("nowhere",), "kept"),
    ],
)
def test_flips_sees_only_the_named_tasks(
    predicts: tuple[str, ...], risks: tuple[str, ...], outcome: str
) -> None:
    train = {
        "up": pair((1, 2), (2, 2)),
        "half": pair((0, 2), (1, 2)),
        "same": pair((2, 2), (2, 2)),
        **same(5, (2, 2), (0, 2)),
        "down": pair((2, 2), (1, 2)),
    }
    assert decide(FlipsGate(), train, predicts=predicts, risks=risks).outcome == outcome
