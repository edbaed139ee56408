"""How a rollout ended, and whether that was the agent's doing."""

from __future__ import annotations

import pytest
from made_traces import Turn, bad, made, ok

from ahe.debug.readers.results import result
from ahe.debug.readers.trace import Step, Text, Trace
from ahe.debug.signals.acts import acts
from ahe.debug.signals.endings import ending
from ahe.debug.signals.vocabulary import ENDINGS, NOT_THE_AGENT

OK = ("ls", ok("a.txt"))


def behaviour(trace: Trace) -> str:
    return ending(trace, acts(trace)).word


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
        steps.append(Step(2 * number + 2, "environment", (result("error\nExit code: 2", "sh", "make"),)))
    assert behaviour(Trace("x", "t", tuple(steps), ended="max_turns")) == "looping"


def failed(*texts: Text, **fields: object) -> Trace:
    """A rollout that ran `ls` and then got these texts from its machinery."""
    trace = made(OK, answer="", **fields)
    return trace.with_steps((*trace.steps, Step(9, "environment", texts)))


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("exceeded retry limit, last status: 429 Too Many Requests", "endpoint_refused"),
        ("API Error: 401 invalid x-api-key", "endpoint_refused"),
        ("litellm.AuthenticationError: no key", "endpoint_refused"),
        ("litellm.exceptions.RateLimitError: slow down", "endpoint_refused"),
        ("Your credit balance is too low to access the API", "endpoint_refused"),
        ("This model's maximum context length is 32768 tokens, your messages have 40000", "context_overflow"),
        ("prompt is too long: 210000 tokens > 200000 maximum", "context_overflow"),
        ("Error response from daemon: No such container: 0f3a", "broken"),
        ("RuntimeError: Docker compose command failed for environment x", "broken"),
    ],
)
def test_what_is_not_the_agents_doing_is_shown(said: str, word: str) -> None:
    for ended in ("", "task_complete", "RuntimeError"):
        found = ending(trace := failed(Text("error", said, "harbor"), ended=ended), acts(trace))
        assert found.word == word and word in NOT_THE_AGENT
        assert found.shown[0] == (9, said)


def test_the_same_words_in_a_commands_output_or_in_a_file_mean_nothing() -> None:
    turns = [
        ("curl api", bad("Error code: 401 invalid x-api-key")),
        ("cat errors.py", ok("overloaded_error")),
    ]
    assert behaviour(made(*turns)) == "answered"
    spoken = made(
        OK, answer="The server now answers 401 with invalid x-api-key, as asked. " + "It works. " * 100
    )
    assert behaviour(spoken) == "answered"


def test_a_passing_word_of_the_tool_does_not_hide_an_endpoint_that_refused() -> None:
    assert behaviour(made(OK, answer="API Error: 529 overloaded", ended="end_turn")) == "endpoint_refused"


def test_an_agent_that_was_never_started_says_what_was_missing() -> None:
    setup = (
        Step(
            1,
            "environment",
            (result("npm ERR! 404 '@acme/cli' is not in this registry", "shell"),),
            phase="setup",
        ),
        Step(2, "environment", (result("bash: acme: command not found", "shell"),), phase="setup"),
    )
    found = ending(trace := Trace("x", "t", setup, status="failed", started=False), acts(trace))
    assert found.word == "not_started"
    assert [line for _, line in found.shown] == [
        "bash: acme: command not found",
        "npm ERR! 404 '@acme/cli' is not in this registry",
    ]


def test_a_time_limit_cites_what_the_harness_said() -> None:
    said = "AgentTimeoutError: Agent execution timed out after 900.0 seconds"
    found = ending(trace := failed(Text("error", said, "harbor"), ended="AgentTimeoutError"), acts(trace))
    assert found == ("out_of_time", ((9, said),))


def test_every_ending_is_a_word_of_the_vocabulary() -> None:
    from ahe.debug.signals.endings import _ENDED, _FOREIGN, _SHOWN

    words = {*_ENDED.values(), *(word for word, _ in _FOREIGN), *(word for word, _ in _SHOWN), *NOT_THE_AGENT}
    assert words < set(ENDINGS)


def test_a_loop_until_the_time_was_over_is_the_agents_own() -> None:
    said = Text("error", "AgentTimeoutError: timed out after 900 seconds", "harbor")
    trace = made(*[("make", bad("no rule"))] * 5, answer="", ended="AgentTimeoutError")
    trace = trace.with_steps((*trace.steps, Step(9, "environment", (said,))))
    assert behaviour(trace) == "looping"


def test_an_endpoint_that_refused_at_once_is_not_an_agent_that_did_nothing() -> None:
    assert behaviour(made(answer="API Error: 401 Invalid API key", ended="end_turn")) == "endpoint_refused"
    assert behaviour(made(answer="Done.", ended="end_turn")) == "no_action"
