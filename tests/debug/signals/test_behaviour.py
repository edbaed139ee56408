"""How a rollout ended: the agent's last behaviour."""

from __future__ import annotations

import pytest
from made_traces import Turn, bad, made, ok

from ahe.debug.readers.trace import Step, Text, Trace
from ahe.debug.signals.behaviour import behaviour
from ahe.debug.signals.vocabulary import STATUSES

OK = ("ls", ok("a.txt"))


@pytest.mark.parametrize(
    ("ended", "turns", "answer", "status"),
    [
        ("answered", (), "Done.", "no_action"),
        ("answered", (OK,), "Done.", "answered"),
        ("answered", (OK, ("false", bad(""))), "Done.", "answered_after_error"),
        ("answered", (("false", bad("")), OK), "Done.", "answered"),
        ("answered", (OK,), "I was not able to find the file, so I stopped.", "gave_up"),
        ("answered", (OK,), "Which file do you mean? Please let me know?", "asked_back"),
        ("turns", (OK, ("a", ok("1")), ("b", ok("2"))), "", "out_of_turns"),
        ("seconds", (OK,), "", "out_of_time"),
        ("tokens", (OK,), "", "out_of_tokens"),
        ("context", (OK,), "", "context_overflow"),
        ("malformed", (OK,), "", "malformed_call"),
        ("crashed", (), "", "crashed"),
        ("bad_request", (OK,), "", "bad_request"),
        ("broken", (), "", "broken"),
    ],
)
def test_our_own_endings(ended: str, turns: tuple[Turn, ...], answer: str, status: str) -> None:
    assert behaviour(made(*turns, answer=answer, ended=ended)) == status


@pytest.mark.parametrize(
    ("ended", "status"),
    [
        ("Submitted", "answered"),
        ("end_turn", "answered"),
        ("exit_cost", "out_of_tokens"),
        ("LimitsExceeded", "out_of_turns"),
        ("error_max_turns", "out_of_turns"),
        ("AgentTimeoutError", "out_of_time"),
        ("context_length_exceeded", "context_overflow"),
        ("turn_aborted", "interrupted"),
        ("RuntimeError", "crashed"),
        ("exit_format", "malformed_call"),
        ("something else", "unknown"),
    ],
)
def test_the_words_of_other_tools(ended: str, status: str) -> None:
    assert behaviour(made(OK, ended=ended)) == status


def test_a_trace_that_does_not_say_how_it_ended() -> None:
    assert behaviour(made(OK, ended="")) == "answered"
    assert behaviour(made(OK, answer="", ended="")) == "unknown"
    assert behaviour(Trace("x", "t", ())) == "unknown"


@pytest.mark.parametrize(
    "turns",
    [
        [("make", ok("x"))] * 3,
        [("a", ok("1")), ("b", ok("2"))] * 3,
        [(f"try {n}", bad(f"attempt {n}: the disk is gone")) for n in range(4)],
    ],
)
def test_going_in_circles(turns: list[Turn]) -> None:
    assert behaviour(made(*turns, answer="", ended="turns")) == "looping"
    assert behaviour(made(*turns, answer="", ended="")) == "looping"
    assert behaviour(made(*turns)) != "looping"


def test_different_errors_are_no_circle() -> None:
    turns = [(f"try {n}", bad(text)) for n, text in enumerate(("a b", "c d", "e f", "g h"))]
    assert behaviour(made(*turns, answer="", ended="turns")) == "out_of_turns"


def test_results_in_steps_of_their_own_count_as_well() -> None:
    steps = []
    for number in range(3):
        steps.append(Step(2 * number + 1, "agent", (Text("call", "make", "sh"),)))
        steps.append(Step(2 * number + 2, "environment", (Text("result", "error\nExit code: 2", "sh"),)))
    assert behaviour(Trace("x", "t", tuple(steps), ended="max_turns")) == "looping"


def test_every_status_is_a_word_of_the_vocabulary() -> None:
    from ahe.debug.signals.behaviour import _ENDED, _FOREIGN

    assert {*_ENDED.values(), *(word for word, _ in _FOREIGN)} < set(STATUSES)
