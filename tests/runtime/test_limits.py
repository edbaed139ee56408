"""Limits and faults: what ends a trial, what the agent is told, and whose fault it is."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from playing import LIMITS, answers, call, play, shell

from ahe.errors import BudgetExceeded, ModelUnavailable
from ahe.models.ledger import Ledger
from ahe.project.sandboxes import make_executor
from ahe.protocols import Environment, Host
from ahe.records import Limits, Message, ModelSpec, Reply, Request, Usage


def some(**limits: float) -> Limits:
    return LIMITS.model_copy(update=limits)


async def test_turns_end_the_trial(tmp_path: Path) -> None:
    played = await play(tmp_path, answers(shell("true")), limits=some(turns=3))
    assert (played.outcome.ended, played.outcome.turns, len(played.requests)) == ("turns", 3, 3)
    assert played.fired("ended")[0]["ended"] == "turns"


async def test_tokens_end_the_trial(tmp_path: Path) -> None:
    played = await play(tmp_path, answers(shell("true")), limits=some(turns=0, tokens=1500))
    assert played.outcome.ended == "tokens"
    assert played.outcome.usage.tokens >= 1500
    before_last = played.trajectory["steps"][2:-1]
    assert sum(s["metrics"]["prompt_tokens"] + s["metrics"]["completion_tokens"] for s in before_last) < 1500


async def test_seconds_end_a_call_that_does_not_come_back(tmp_path: Path) -> None:
    slow = {"content": "Done.", "delay": 30.0}
    played = await play(tmp_path, answers(slow), limits=some(seconds=1))
    assert played.outcome.ended == "seconds"
    assert played.outcome.answer == ""


async def test_an_endpoint_that_failed_is_not_the_agents_time(tmp_path: Path) -> None:
    steps = [{"status": 503, "content": "down"}, {"content": "Done.", "delay": 30.0}]
    with pytest.raises(ModelUnavailable, match="failed once, last: HTTP 503: down"):
        await play(tmp_path, {"*": steps}, limits=some(seconds=1), retries=9)


async def test_the_clock_stands_still_while_an_endpoint_makes_the_agent_wait(tmp_path: Path) -> None:
    limited = {"status": 429, "content": "slow down", "headers": {"retry-after-ms": "1500"}}
    played = await play(tmp_path, {"*": [limited, "Done."]}, limits=some(seconds=1), retries=2)
    assert (played.outcome.ended, played.outcome.answer) == ("answered", "Done.")
    assert played.outcome.model_time.waited >= 1.5


async def test_the_start_of_the_box_is_not_the_agents_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The box takes an hour to start, by the machine's clock, which is put forward."""
    box = make_executor(False)
    clock = time.monotonic

    class Late:
        call, stop = staticmethod(box.call), staticmethod(box.stop)

        async def start(self, harness: Path, host: Host) -> None:
            await box.start(harness, host)
            monkeypatch.setattr(time, "monotonic", lambda: clock() + 3600)

    played = await play(tmp_path, answers("Done."), limits=some(seconds=60), executor=Late())
    assert played.outcome.ended == "answered"


async def test_seconds_end_a_command_and_then_the_trial(tmp_path: Path) -> None:
    played = await play(tmp_path, answers(shell("sleep 60"), "Done."), limits=some(seconds=2))
    assert played.outcome.ended == "seconds"
    kept = played.trajectory["steps"][2]["observation"]["results"][0]["content"]
    assert "[the command was stopped after" in kept


async def test_a_command_is_stopped_at_its_time_and_the_trial_goes_on(tmp_path: Path) -> None:
    script = answers(shell("echo begun; sleep 60"), shell("echo on"), "Done.")
    played = await play(tmp_path, script, limits=some(command_seconds=1))
    first, second = played.results()
    assert first.startswith("begun\n") and "[the command was stopped after 1 s]" in first
    assert second.startswith("on")


@pytest.mark.parametrize("wanted", ["3600", "float('nan')", "-1", "0"])
async def test_evolved_code_cannot_lengthen_a_commands_time(tmp_path: Path, wanted: str) -> None:
    code = (
        "async def run_shell_command(env, command):\n"
        f"    return str((await env.exec(command, timeout={wanted})).timed_out)\n"
    )
    edits = {"tools/run_shell_command.py": code}
    played = await play(tmp_path, answers(shell("sleep 60"), "Done."), edits, limits=some(command_seconds=1))
    assert played.results()[0].startswith("True")


async def test_long_output_is_cut_in_its_middle(tmp_path: Path) -> None:
    script = answers(shell("echo first; seq 100000; echo last"), "Done.")
    played = await play(tmp_path, script, limits=some(output_bytes=1000))
    (result,) = played.results()
    assert len(result) < 1500
    assert result.startswith("first\n") and "last" in result
    assert played.fired("output_cut")[0]["omitted_bytes"] > 500_000


async def test_a_tools_own_long_text_is_cut_too(tmp_path: Path) -> None:
    code = "async def run_shell_command(env, command):\n    return 'a' * 100000 + 'z'\n"
    edits = {"tools/run_shell_command.py": code}
    played = await play(tmp_path, answers(shell("x"), "Done."), edits, limits=some(output_bytes=1000))
    (result,) = played.results()
    assert len(result) < 1500 and "characters omitted" in result and "az" in result


async def test_a_reply_cut_at_its_length_is_told_and_goes_on(tmp_path: Path) -> None:
    script = answers({"content": "I think that", "finish": "length"}, "Done.")
    played = await play(tmp_path, script)
    assert played.outcome.answer == "Done."
    assert "cut at the length limit" in played.payload("task/0/1")["messages"][-1]["content"]
    assert played.payload()["max_tokens"] == LIMITS.reply_tokens


async def test_what_is_left_is_told_in_the_newest_result_only(tmp_path: Path) -> None:
    played = await play(
        tmp_path, answers(shell("echo a"), shell("echo b"), "Done."), limits=some(turns=5, tokens=90_000)
    )
    first, second = played.results()
    assert "[left: 4 turns, " in first and "k tokens]" in first
    assert "[left: 3 turns, " in second
    sent = [r["payload"]["messages"] for r in played.requests]
    assert sent[2][: len(sent[1])] == sent[1], "earlier messages are never rewritten"


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (call("no_such_tool"), "there is no tool 'no_such_tool'; the tools are: run_shell_command"),
        ({"tool_calls": [{"name": "run_shell_command", "arguments": '{"command": '}]}, "not valid JSON"),
        ({"tool_calls": [{"name": "run_shell_command", "arguments": "[1]"}]}, "not a JSON object"),
    ],
)
async def test_malformed_and_unknown_calls_end_the_trial_when_they_do_not_stop(
    tmp_path: Path, step: dict[str, object], told: str
) -> None:
    played = await play(tmp_path, answers(step), limits=some(turns=20))
    assert played.outcome.ended == "malformed"
    assert played.outcome.turns == 5
    assert told in played.results()[0]


async def test_a_good_call_in_between_forgives(tmp_path: Path) -> None:
    script = answers(*[call("no_such_tool")] * 4, shell("true"), *[call("no_such_tool")] * 4, "Done.")
    played = await play(tmp_path, script, limits=some(turns=20))
    assert played.outcome.ended == "answered"


@pytest.mark.parametrize("arguments", [{}, {"command": "true", "more": 1}])
async def test_wrong_arguments_are_told_to_the_model(tmp_path: Path, arguments: dict[str, object]) -> None:
    played = await play(tmp_path, answers(call("run_shell_command", **arguments), "Done."))
    assert played.outcome.ended == "answered"
    assert played.results()[0].startswith("error: TypeError")
    assert "argument" in played.results()[0]


async def test_several_calls_in_one_reply_are_all_answered_in_order(tmp_path: Path) -> None:
    two = {"tool_calls": [shell("echo a >> x")["tool_calls"][0], shell("cat x")["tool_calls"][0]]}
    played = await play(tmp_path, answers(two, "Done."))
    first, second = played.results()
    assert "[left" not in first and second.startswith("a\n") and "[left" in second
    said = played.payload("task/0/1")["messages"]
    assert [c["id"] for c in said[2]["tool_calls"]] == [m["tool_call_id"] for m in said[3:]]


# ---------------------------------------------------------------- whose fault it is


@pytest.mark.parametrize(
    ("message", "ended"),
    [
        ("This model's maximum context length is 10 tokens", "context"),
        ("messages: at least one is odd", "bad_request"),
    ],
)
async def test_a_refused_conversation_is_the_agents_failure(tmp_path: Path, message: str, ended: str) -> None:
    script = answers(shell("true"), {"status": 400, "content": message})
    played = await play(tmp_path, {"ahe-plain-question/*": "OK", **script})
    assert played.outcome.ended == ended
    assert message in played.outcome.cause
    assert played.outcome.turns == 1, "the call that failed is no turn"


async def test_an_endpoint_that_refuses_everything_is_nobodys_failure(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"your wallet.*A plain question is refused too"):
        await play(
            tmp_path, answers(shell("true"), {"status": 400, "content": "your wallet needs attention"})
        )


async def test_a_broken_endpoint_is_nobodys_failure(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="failed 2 times"):
        await play(tmp_path, answers(shell("true"), {"status": 500, "content": "down"}))
    trace = json.loads((tmp_path / "trace" / "trajectory.json").read_text())
    assert len(trace["steps"]) == 3, "what was done stays in the trace"


async def test_a_broken_endpoint_in_a_side_call_is_nobodys_failure_either(tmp_path: Path) -> None:
    code = (
        "class Judge:\n    async def before_tool(self, ctx, call):\n"
        "        try:\n            await ctx.model('?')\n        except Exception:\n            pass\n"
    )
    script = {"task/0/side-1": {"status": 503, "content": "down"}, **answers(shell("true"), "Done.")}
    with pytest.raises(ModelUnavailable):
        await play(tmp_path, script, {"middleware/10_judge.py": code})


async def test_a_fault_that_passes_is_tried_again(tmp_path: Path) -> None:
    played = await play(tmp_path, answers([{"status": 500, "content": "hiccup"}, "Done."]))
    assert played.outcome.ended == "answered"
    assert [request["status"] for request in played.requests] == [500, 200]


async def test_a_spent_budget_stops_the_trial_without_an_outcome(tmp_path: Path) -> None:
    class Spender:
        """A model whose ledger runs dry at the second call."""

        spec = ModelSpec(name="spender")
        fingerprint = "spender"
        ledger = Ledger(0.0, 10, 0.0, Usage())

        async def complete(self, request: Request) -> Reply:
            self.ledger.check()
            self.ledger.charge(request.role, Usage(calls=1, input_tokens=20))
            return Reply(
                message=Message(role="assistant", content="", tool_calls=()), usage=Usage(), finish="length"
            )

    with pytest.raises(BudgetExceeded):
        await play(tmp_path, answers("unused"), model=Spender())


async def test_background_work_outlives_the_agent_loop(tmp_path: Path) -> None:
    seen: list[str] = []

    async def look(environment: Environment) -> None:
        seen.append((await environment.exec("cat /app/late.txt; kill -0 $(cat /app/pid) && echo alive")).text)

    start = (
        "(sleep 0.2; echo late > /app/late.txt; sleep 100) >/dev/null 2>&1 & echo $! > /app/pid; sleep 0.5"
    )
    await play(tmp_path, answers(shell(start), "Done."), look=look)
    assert seen == ["late\nalive\n"]
