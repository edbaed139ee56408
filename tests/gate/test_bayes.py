"""The default gate, where it spends rollouts, and what held-out may say."""

from __future__ import annotations

from typing import Any

import pytest
from arms import Pair, decide, pair, same

from ahe.gate.bayes import BayesGate, depth, extra, next_round, plain_requests
from ahe.gate.decisions import heldout_rollouts, margin
from ahe.gate.posterior import posterior
from ahe.records import Comparison, Tally

GATE = BayesGate()
UP, DOWN, TIE = same(6, (0, 2), (2, 2)), same(6, (2, 2), (0, 2)), same(6, (1, 2), (1, 2))


def comparison(train: dict[str, Pair], **more: Any) -> Comparison:
    return Comparison(train=train, **{"rollouts": 2, "candidate": "c", **more})


@pytest.mark.parametrize(
    ("train", "outcome"),
    [
        (UP, "kept"),
        (DOWN, "reverted"),
        (TIE, "more"),
        (same(6, (2, 2), (2, 2)), "more"),
        ({**same(3, (0, 2), (2, 2)), **same(3, (2, 2), (0, 2), "u")}, "more"),
        (same(6, (4, 9), (4, 9)), "reverted"),  # all that may be spent is spent, and it is a tie
        (same(6, (2, 8), (5, 8)), "kept"),
    ],
)
def test_train_decides_first(train: dict[str, Pair], outcome: str) -> None:
    assert decide(GATE, train, candidate="c").outcome == outcome


def test_a_tie_is_reverted_as_unproven_when_the_extra_rollouts_are_spent() -> None:
    train, rounds = dict(TIE), 0
    while (decision := decide(GATE, train, candidate="c")).outcome == "more":
        rounds += 1
        for request in decision.requests:
            train[request.task] = pair((1, request.n), (1, request.n))
    assert decision.outcome == "reverted" and "unproven" in decision.reason
    assert rounds == 2, "eight rollouts a round; at 16 of 24 the bounds have closed in on the tie"
    assert extra(comparison(train)) <= GATE.extra * len(train)


def test_the_hopeless_is_reverted_after_a_part_of_its_rollouts() -> None:
    train = {f"t{n}": (Tally(passes=2, n=2), Tally()) for n in range(20)}
    spent = 0
    while (decision := decide(GATE, train, candidate="c")).outcome == "more":
        for request in decision.requests:
            spent += request.n - train[request.task][1].n
            train[request.task] = (Tally(passes=2, n=2), Tally(passes=0, n=request.n))
    assert decision.outcome == "reverted"
    assert spent == 10, "a quarter of two a task"


def test_a_tax_on_size_asks_for_more_than_better() -> None:
    train = {**same(12, (1, 2), (1, 2)), **same(8, (0, 2), (2, 2), "u")}
    assert decide(BayesGate(tax=0.05), train, grown=0).outcome == "kept"
    free, taxed = (decide(BayesGate(tax=tax), train, grown=10_000) for tax in (0.0, 0.05))
    assert (free.outcome, taxed.outcome) == ("kept", "reverted")


def test_a_price_asks_for_points_where_a_task_takes_more_tokens() -> None:
    train = {**same(12, (1, 2), (1, 2)), **same(8, (0, 2), (2, 2), "u")}
    outcomes = [
        decide(BayesGate(price=price), train, tokens=tokens).outcome
        for price, tokens in ((0.0, (500.0, 9_500.0)), (100.0, (500.0, 600.0)), (100.0, (500.0, 9_500.0)))
    ]
    assert outcomes == ["kept", "kept", "reverted"], "40 points are worth 4,000 tokens at this price"
    assert decide(BayesGate(price=100.0), train, tokens=(9_500.0, 500.0)).outcome == "kept"
    assert decide(BayesGate(price=100.0), train, tokens=None).outcome == "kept"


# ---------------------------------------------------------------- where rollouts go


def test_the_named_tasks_come_first_and_the_draw_is_the_candidate_s() -> None:
    train = {f"t{n:02}": (Tally(passes=1, n=2), Tally()) for n in range(40)}
    requests = plain_requests(comparison(train, predicts=("t31",), risks=("t07",)), 0.25)
    assert (
        len(requests) == 20
        and {request.n for request in requests} == {1}
        and {request.arm for request in requests} == {"candidate"}
    )
    assert {"t31", "t07"} <= {request.task for request in requests}
    assert requests == plain_requests(comparison(train, predicts=("t31",), risks=("t07",)), 0.25)
    other = plain_requests(comparison(train, predicts=("t31",), risks=("t07",), candidate="d"), 0.25)
    assert {request.task for request in other} != {request.task for request in requests}


def test_who_names_half_of_the_suite_is_seen_on_a_control_too() -> None:
    train = {f"t{n:02}": (Tally(passes=1, n=2), Tally()) for n in range(40)}
    named = tuple(f"t{n:02}" for n in range(30))
    seen = [
        {
            request.task
            for request in plain_requests(comparison(train, predicts=named, candidate=str(n)), 0.25)
        }
        for n in range(50)
    ]
    assert {len(tasks) for tasks in seen} == {20}
    assert sum(bool(tasks - {*named}) for tasks in seen) > 40


def test_both_arms_are_asked_in_turn() -> None:
    requests = plain_requests(comparison({"a": (Tally(), Tally()), "b": (Tally(), Tally())}), 1.0)
    assert [request.arm for request in requests] == ["incumbent", "candidate"] * 2


def test_the_next_round_goes_to_the_noise_and_to_a_control() -> None:
    train = {**same(50, (2, 2), (2, 2)), **same(6, (1, 2), (2, 2), "u"), **same(33, (0, 2), (0, 2), "v")}
    found = posterior(train)
    assert found is not None
    requests = next_round(comparison(train), found, 4.0)
    tasks = {request.task for request in requests}
    assert len(tasks) == 8 + 4 and {f"u{n}" for n in range(6)} <= tasks
    assert {request.n for request in requests} == {3} and len(requests) == 2 * len(tasks)
    assert next_round(comparison(train), found, 0.0) == ()


def test_an_arm_that_is_behind_catches_up_alone() -> None:
    train = same(4, (3, 6), (1, 2))
    found = posterior(train)
    assert found is not None
    requests = next_round(comparison(train), found, 4.0)
    assert {(request.arm, request.n) for request in requests} == {("candidate", 3)}
    assert depth(train["t0"]) == 2 and extra(comparison(train)) == 0


# ---------------------------------------------------------------- held-out


def heldout(count: int, b: tuple[int, ...], c: tuple[int, ...]) -> dict[str, Pair]:
    return same(count, b, c, "h")


@pytest.mark.parametrize(
    ("held", "outcome"),
    [
        (heldout(6, (4, 8), (4, 8)), "kept"),
        (heldout(6, (4, 8), (8, 8)), "kept"),
        (heldout(6, (4, 8), (3, 8)), "kept"),  # within the margin of 8 points
        (heldout(6, (8, 8), (1, 8)), "reverted"),
        (heldout(6, (0, 0, 8), (4, 8)), "undecided"),
    ],
)
def test_heldout_vetoes_a_collapse(held: dict[str, Pair], outcome: str) -> None:
    decision = decide(GATE, UP, heldout=held)
    assert decision.outcome == outcome
    assert decision.raw_delta == 1.0, "the difference is train's"
    assert "held-out" in decision.reason


def test_the_veto_is_called_what_it_is() -> None:
    small = decide(GATE, UP, heldout=heldout(29, (2, 2), (0, 2)))
    large = decide(GATE, UP, heldout=heldout(30, (2, 2), (0, 2)))
    assert small.reason.startswith("veto against collapse: held-out")
    assert large.reason.startswith("veto: held-out")
    assert small.heldout_delta is not None and small.heldout_delta < -0.2


def test_heldout_is_asked_for_48_an_arm_and_only_when_train_says_keep() -> None:
    asked = decide(GATE, UP, heldout_tasks=("h0", "h1", "h2"))
    assert asked.outcome == "more"
    assert {(request.task, request.arm, request.n) for request in asked.requests} == {
        (task, arm, 16) for task in ("h0", "h1", "h2") for arm in ("incumbent", "candidate")
    }
    assert decide(GATE, DOWN, heldout_tasks=("h0",)).outcome == "reverted"
    many = comparison(UP, heldout_tasks=tuple(f"h{n}" for n in range(100)))
    assert heldout_rollouts(many) == 2 and heldout_rollouts(comparison(UP)) == 0


def test_the_margin_is_two_points_or_half_a_task() -> None:
    assert [margin(tasks) for tasks in (5, 25, 50)] == [0.1, 0.02, 0.02]
