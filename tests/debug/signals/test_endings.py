"""How a rollout ended, and whether that was the agent's doing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from made_traces import Turn, bad, made, ok

from ahe.debug.readers.results import result
from ahe.debug.readers.trace import API_ERROR, Channel, Step, Text, Trace
from ahe.debug.signals.acts import acts
from ahe.debug.signals.endings import ending
from ahe.debug.signals.vocabulary import NOT_THE_AGENT, THE_HARNESS

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
        ("exit_api", "endpoint_refused"),
        ("exit_environment_error", "broken"),
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
        steps.append(Step(2 * number + 2, "environment", (result("error\nExit code: 2", "sh"),)))
    assert behaviour(Trace("x", "t", tuple(steps), ended="max_turns")) == "looping"


def failed(*texts: Text, **fields: object) -> Trace:
    """A rollout that ran `ls` and then got these texts from its machinery."""
    trace = made(OK, answer="", **fields)
    return replace(trace, steps=(*trace.steps, Step(9, "environment", texts)))


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


@pytest.mark.parametrize("ended", ["answered", "end_turn", "", "Submitted"])
@pytest.mark.parametrize(
    "answer",
    [
        "Done. The client now prints 'API key is missing' where no key is set.",
        "It retries when it gets Error code: 429 and stops at 401.",
        "`failed to solve:` no longer appears, and no such container is handled.",
        "Inputs over the maximum context length are split.",
        "API Error: 529 overloaded",
        "The container has died, no space left on device.",
        "It was stuck in a loop; LimitsExceeded is caught now.",
    ],
)
def test_what_the_agent_says_never_decides_whose_doing_it_was(answer: str, ended: str) -> None:
    assert behaviour(made(OK, answer=answer, ended=ended)) == "answered"
    assert behaviour(made(answer=answer, ended=ended)) == "no_action"


def test_nor_does_what_was_injected_or_the_failure_of_a_call_whose_tool_is_not_named() -> None:
    said = "Error code: 429 rate_limit_error"
    texts = Text("injected", said, "summary"), result(said, failed=True)
    assert {behaviour(failed(text, ended="end_turn")) for text in texts} == {"unknown", "answered"} - {
        "unknown"
    }


@pytest.mark.parametrize("channel", ["message", "injected"])
def test_what_the_tool_itself_says_at_the_end_decides(channel: Channel) -> None:
    assert behaviour(failed(Text(channel, "Error code: 429", "info"), ended="")) == "endpoint_refused"
    agent = Step(9, "agent", (Text(channel, "Error code: 429"),))
    assert behaviour(replace(made(OK, answer=""), steps=(agent,), ended="end_turn")) != "endpoint_refused"


@pytest.mark.parametrize("ended", ["answered", "crashed", "turns"])
def test_the_words_of_ahe_itself_are_never_changed_by_an_error_text(ended: str) -> None:
    said = Text("error", "RateLimitError: Error code: 429", "ahe")
    assert behaviour(failed(said, ended=ended)) == behaviour(made(OK, ended=ended))
    assert behaviour(failed(said, ended="broken")) == "endpoint_refused"


@pytest.mark.parametrize("ended", ["crashed", "bad_request"])
def test_the_harnesss_own_faults_are_shown_and_are_not_among_what_others_did(ended: str) -> None:
    found = ending(trace := failed(Text("error", "hook.py: KeyError: 'x'", "ahe"), ended=ended), acts(trace))
    assert found == (ended, ((9, "hook.py: KeyError: 'x'"),))
    assert ended in THE_HARNESS and ended not in NOT_THE_AGENT


@pytest.mark.parametrize(
    ("ended", "said", "word"),
    [
        ("AgentStuckInLoopError", "", "looping"),
        ("stuck", "", "looping"),
        ("LOOP_DETECTED", "", "looping"),
        ("error", "AgentStuckInLoopError: Agent got stuck in a loop", "looping"),
        ("error", "RuntimeError: Agent reached maximum iteration. Current iteration: 30", "out_of_turns"),
        ("error", "Agent reached maximum budget for conversation", "out_of_tokens"),
        ("error", "AgentRuntimeDisconnectedError: 502", "broken"),
        ("AgentRuntimeUnavailableError", "", "broken"),
        ("error", "Cannot run the event loop", "crashed"),
    ],
)
def test_a_loop_and_a_limit_are_the_agents_own_whatever_raised_them(ended: str, said: str, word: str) -> None:
    trace = (
        failed(Text("error", said, "openhands"), ended=ended) if said else made(OK, answer="", ended=ended)
    )
    assert behaviour(trace) == word


DEAD = "Error response from daemon: container 0f3a9 is not running"


@pytest.mark.parametrize("ended", ["end_turn", "Submitted", "", "LimitsExceeded"])
def test_a_container_that_died_is_broken_whatever_the_agent_says_then(ended: str) -> None:
    trace = made(OK, ("make", bad(DEAD)), ("ls", bad(DEAD)), answer="The machine is gone.", ended=ended)
    assert ending(trace, acts(trace)) == ("broken", ((3, DEAD),))


@pytest.mark.parametrize(
    "turns",
    [
        [("docker exec web ls", bad(DEAD)), ("docker exec web pwd", bad(DEAD))],
        [("ls", bad(DEAD)), ("make", ok("built"))],
        [("cat daemon.log", ok(DEAD))],
        [("./start.sh", bad(DEAD))],
    ],
)
def test_the_agents_own_containers_and_a_container_that_came_back_are_its_own(turns: list[Turn]) -> None:
    assert behaviour(made(*turns, ended="end_turn")).startswith("answered")


FULL = "bash: x.py: No space left on device"


def test_a_disk_that_was_full_before_the_agents_first_action_is_broken() -> None:
    tried = [OK, ("echo 1 > x.py", bad(FULL)), ("pip install x", bad(FULL))]
    trace = made(*tried)
    assert ending(trace, acts(trace)) == ("broken", ((3, FULL),))
    assert behaviour(made(("ls", bad("OSError: [Errno 28] No space left on device")))) == "broken"
    setup = Step(
        1, "environment", (Text("result", "write failed: No space left on device", "sh"),), phase="setup"
    )
    for turns in ((), (("make", bad("x")),)):
        trace = made(*turns)
        assert behaviour(replace(trace, steps=(setup, *trace.steps[1:]))) == "broken"
    assert behaviour(Trace("x", "t", (setup,), status="failed", started=False)) == "broken"


@pytest.mark.parametrize(
    "turns",
    [
        [("make", bad("cc: No space left on device")), ("echo 1 > x.py", bad(FULL))],
        [("pip install torch", bad(FULL))],
        [("echo 1 > x.py", ok("")), ("echo 2 > y.py", bad(FULL))],
        [("echo 1 > x.py", bad(FULL)), ("rm -r cache", ok("")), ("echo 1 > x.py", ok(""))],
        [("cat build.log", ok("No space left on device"))],
    ],
)
def test_a_disk_that_the_agent_filled_or_freed_is_its_own(turns: list[Turn]) -> None:
    assert behaviour(made(*turns)).startswith("answered")


def test_a_task_about_a_full_disk_is_not_broken() -> None:
    trace = made(("echo 1 > x.py", bad(FULL)))
    asked = Step(1, "user", (Text("message", "The disk of this machine is full: find out why."),))
    assert behaviour(replace(trace, steps=(asked, *trace.steps[1:]))) == "answered_after_error"


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


@pytest.mark.parametrize(("ended", "word"), [("error", "endpoint_refused"), ("stop", "answered")])
def test_a_failed_call_of_the_model_is_the_endpoints_in_whatever_words(ended: str, word: str) -> None:
    trace = failed(Text("error", "terminated", API_ERROR), ended=ended)
    assert behaviour(trace) == word
    assert behaviour(failed(Text("error", "terminated", "other"), ended="error")) == "crashed"


def test_a_time_limit_cites_what_the_harness_said() -> None:
    said = "AgentTimeoutError: Agent execution timed out after 900.0 seconds"
    found = ending(trace := failed(Text("error", said, "harbor"), ended="AgentTimeoutError"), acts(trace))
    assert found == ("out_of_time", ((9, said),))


def test_a_loop_until_the_time_was_over_is_the_agents_own() -> None:
    said = Text("error", "AgentTimeoutError: timed out after 900 seconds", "harbor")
    trace = made(*[("make", bad("no rule"))] * 5, answer="", ended="AgentTimeoutError")
    trace = replace(trace, steps=(*trace.steps, Step(9, "environment", (said,))))
    assert behaviour(trace) == "looping"
