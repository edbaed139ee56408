"""The client against a real HTTP server that misbehaves in every way it knows."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest
from model_helpers import ask

from ahe.errors import BadRequest, BudgetExceeded, ContextOverflow, ModelUnavailable, UsageError
from ahe.models.ledger import Ledger
from ahe.models.openai import PLAIN, OpenAIModel
from ahe.models.retry import Backoff
from ahe.models.wire import Habits
from ahe.records import Message, ModelSpec, Request, ToolCall, ToolSpec, Usage

LS = {"name": "run_shell_command", "arguments": {"command": "ls"}}
TOOL = ToolSpec(name="run_shell_command", description="Runs it.", parameters={"type": "object"})


def last_payload(log: Path) -> dict:
    return json.loads(log.read_text().splitlines()[-1])["payload"]


async def test_answer_with_reasoning_tool_call_and_usage(scripted):
    answer = {"content": "I look.", "reasoning": "hm", "tool_calls": [LS]}
    async with scripted({"task-a/0/1": answer}) as (model, _):
        reply = await model.complete(ask())
    assert reply.message.content == "I look."
    assert reply.message.reasoning == "hm"
    assert reply.finish == "tool_calls"
    (call,) = reply.message.tool_calls
    assert (call.name, call.arguments, call.error) == ("run_shell_command", {"command": "ls"}, None)
    assert reply.usage.calls == 1
    assert reply.usage.input_tokens > 0
    assert reply.usage.output_tokens > 0


@pytest.mark.parametrize("arguments", ['{"command": ', "[1]", "nonsense"])
async def test_malformed_arguments_are_the_agents_not_an_exception(scripted, arguments):
    answer = {"tool_calls": [{"name": "run_shell_command", "arguments": arguments}]}
    async with scripted({"*": answer}) as (model, _):
        reply = await model.complete(ask())
    assert reply.message.tool_calls[0].error
    assert reply.message.tool_calls[0].arguments == {}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "content": "slow down"},
        {"status": 500},
        {"status": 503},
        {"status": 408},
        {"status": 409},
        {"drop": True},
        {"raw": "\x00\x01 not json"},
        {"raw": ""},
        {"raw": "{}"},
        {"raw": '{"choices": []}'},
        {"raw": '{"error": {"message": "upstream", "code": 502}}'},
        {"content": "a long answer", "cut": 60},
    ],
    ids=str,
)
async def test_passing_faults_are_tried_again(scripted, fault):
    async with scripted({"*": [{**fault, "times": 2}, "at last"]}) as (model, server):
        reply = await model.complete(ask())
    assert reply.message.content == "at last"
    assert server.calls["coder", "task-a/0/1"] == 3


@pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}, {"raw": "garbage"}], ids=str)
async def test_lasting_faults_make_the_model_unavailable(scripted, fault):
    async with scripted({"*": fault}) as (model, server):
        with pytest.raises(ModelUnavailable, match="4 times"):
            await model.complete(ask())
    assert server.calls["coder", "task-a/0/1"] == 4


async def test_retry_after_is_honoured(scripted):
    fault = {"status": 429, "headers": {"Retry-After": "0.6"}}
    async with scripted({"*": [fault, "ok"]}) as (model, _):
        started = time.monotonic()
        await model.complete(ask())
        assert time.monotonic() - started >= 0.6


async def test_retry_after_is_capped(scripted):
    fault = {"status": 429, "headers": {"Retry-After": "86400"}}
    backoff = Backoff(base=0.01, retry_after_cap=0.05)
    async with scripted({"*": [fault, "ok"]}, backoff=backoff) as (model, _):
        assert (await model.complete(ask())).message.content == "ok"


@pytest.mark.parametrize(
    ("status", "text", "error", "match"),
    [
        (401, "bad key", ModelUnavailable, "MY_KEY"),
        (403, "no", ModelUnavailable, "MY_KEY"),
        (404, "no such thing", ModelUnavailable, "'m'"),
        (400, "API key not valid", ModelUnavailable, "MY_KEY"),
        (402, "pay", ModelUnavailable, "out of money"),
        (429, "insufficient_quota", ModelUnavailable, "out of money"),
        (400, "This model's maximum context length is 8192 tokens", ContextOverflow, "window"),
        (400, "request exceeds the available context size", ContextOverflow, "window"),
        (400, "messages: roles must alternate", BadRequest, "alternate"),
        (413, "too large", BadRequest, "too large"),
        (422, "tools.0.name invalid", BadRequest, "invalid"),
        (400, "this model does not support tools", BadRequest, "tool_calls"),
        (405, "method", ModelUnavailable, "base_url"),
    ],
)
async def test_refusals_are_told_apart_at_once(scripted, monkeypatch, status, text, error, match):
    monkeypatch.setenv("MY_KEY", "k")
    script = {"task-*": {"status": status, "content": text}, "ahe-plain-question/*": "OK"}
    async with scripted(script, api_key_env="MY_KEY") as (model, server):
        with pytest.raises(error, match=match):
            await model.complete(ask())
    assert server.calls["coder", "task-a/0/1"] == 1


ODD = {"status": 400, "content": "your wallet needs attention"}


async def test_an_endpoint_that_refuses_a_plain_question_too_is_unavailable(scripted):
    """In words that nobody knows, and the question is asked once for many refusals."""
    async with scripted({"*": ODD}) as (model, server):
        for key in ("a/0/0", "a/1/0", "b/0/0"):
            with pytest.raises(
                ModelUnavailable, match=r"wallet.*plain question is refused too in the same words"
            ):
                await model.complete(ask(key))
    assert server.calls["coder", PLAIN.key] == 1


async def test_a_refusal_is_the_harnesss_where_a_plain_question_is_answered_after_it(scripted):
    """An answer counts for what was refused before it was asked, not for later refusals."""
    plain = ["OK", "OK", ODD]
    async with scripted({"a/*": ODD, PLAIN.key: plain}) as (model, server):
        for _ in plain[:2]:
            with pytest.raises(BadRequest, match="wallet"):
                await model.complete(ask("a/0/0"))
        with pytest.raises(ModelUnavailable, match="plain question"):
            await model.complete(ask("a/0/0"))
    assert server.calls["coder", PLAIN.key] == 3


@pytest.mark.parametrize("plain", [{"status": 500}, {"status": 402}, {"drop": True}], ids=str)
async def test_a_plain_question_that_fails_in_another_way_counts_too(scripted, plain):
    async with scripted({"a/*": ODD, PLAIN.key: plain}) as (model, _):
        with pytest.raises(ModelUnavailable, match="wallet"):
            await model.complete(ask("a/0/0"))


async def test_only_a_form_that_was_answered_is_kept_and_told_once(scripted):
    def picky(role: str, key: str, payload: dict) -> object:
        if "seed" in payload:
            return {"status": 400, "content": "unknown field: seed"}
        return {"status": 422, "content": "this text violates our policy"} if key == "bad/0/0" else "fine"

    told: list[str] = []
    async with scripted({"*": picky}) as (model, _):
        model.on_learned = lambda: told.append(model.habits.text())
        with pytest.raises(BadRequest, match="policy"):
            await model.complete(ask("bad/0/0", seed=1))
        assert not model.habits.names
        replies = [await model.complete(ask(seed=1)) for _ in range(2)]
    assert told == ["left out or changed: seed"]
    assert [reply.learned for reply in replies] == ["left out or changed: seed", ""]


@pytest.mark.parametrize(
    "words",
    [
        "the worker had to stop, retry with the same seed",
        "The system message queue is not available",
        "upstream failed: only part of the stream arrived",
        "content of the job is missing",
        "call failed: kwargs={'temperature': 0.2, 'max_tokens': 4096}",
        "max_tokens must be 16 or less",
    ],
)
async def test_a_server_that_failed_does_not_change_how_it_is_asked(scripted, tmp_path, words):
    log = tmp_path / "log"
    fault = {"status": 500, "content": words}
    async with scripted({"*": [fault, "fine"]}, log=log, temperature=0.2) as (model, _):
        reply = await model.complete(ask(seed=7, max_tokens=50))
        assert (reply.message.content, reply.learned, model.habits) == ("fine", "", Habits())
    first, second = (json.loads(line)["payload"] for line in log.read_text().splitlines())
    assert first == second


async def test_a_parameter_that_the_endpoint_refuses_is_left_out_from_then_on(scripted, tmp_path):
    log = tmp_path / "log"

    def picky(role: str, key: str, payload: dict) -> object:
        if "max_tokens" in payload:
            return {"status": 400, "content": "'max_tokens' is unsupported, use 'max_completion_tokens'"}
        if "seed" in payload:
            return {"status": 400, "content": "unknown field: seed"}
        return "fine"

    async with scripted({"*": picky}, log=log) as (model, server):
        for _ in range(2):
            assert (await model.complete(ask(seed=1, max_tokens=7))).message.content == "fine"
    assert server.calls["coder", "task-a/0/1"] == 4
    assert last_payload(log)["max_completion_tokens"] == 7


async def test_a_refused_temperature_is_told_to_the_user(scripted):
    fault = {"status": 400, "content": "temperature does not support 0.0"}
    async with scripted({"*": fault}, temperature=0.0) as (model, _):
        with pytest.raises(UsageError, match="temperature"):
            await model.complete(ask())


async def test_no_answer_in_time_is_unavailable(scripted):
    async with scripted({"*": {"content": "late", "delay": 5}}, timeout_seconds=0.1, retries=1) as (model, _):
        with pytest.raises(ModelUnavailable, match=r"within 0\.1 s"):
            await model.complete(ask())


async def test_nothing_listens():
    spec = ModelSpec(name="m", base_url="http://127.0.0.1:9/v1", retries=1)
    model = OpenAIModel(spec, backoff=Backoff(base=0.01))
    with pytest.raises(ModelUnavailable, match=r"127\.0\.0\.1:9"):
        await model.complete(ask())
    await model.aclose()


async def test_128_calls_at_once(scripted):
    answers = {f"t{number}/0/1": {"content": str(number), "delay": 0.2} for number in range(128)}
    async with scripted(answers, ledger=(ledger := Ledger())) as (model, server):
        replies = await asyncio.gather(*(model.complete(ask(f"t{number}/0/1")) for number in range(128)))
    assert [reply.message.content for reply in replies] == [str(number) for number in range(128)]
    assert ledger.total.calls == 128
    assert max(server.calls.values()) == 1


async def test_conversation_travels_in_native_form(scripted, tmp_path):
    log = tmp_path / "log"
    call = ToolCall(id="c1", name="run_shell_command", arguments={"command": "ls"})
    request = Request(
        role="coder",
        key="a/0/2",
        messages=(
            Message(role="system", content="s"),
            Message(role="assistant", content="", tool_calls=(call,)),
            Message(role="tool", content="out", tool_call_id="c1"),
        ),
        tools=(TOOL,),
        stop=("END",),
        response_schema={"type": "object"},
    )
    async with scripted({"*": "ok"}, log=log, temperature=0.2) as (model, _):
        await model.complete(request)
    sent = last_payload(log)
    assert sent["messages"][1]["tool_calls"][0]["function"]["arguments"] == '{"command": "ls"}'
    assert sent["messages"][2] == {"role": "tool", "content": "out", "tool_call_id": "c1"}
    assert sent["tools"][0]["function"]["name"] == "run_shell_command"
    assert sent["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert (sent["temperature"], sent["stop"]) == (0.2, ["END"])


async def test_text_mode_sends_no_tools(scripted, tmp_path):
    log = tmp_path / "log"
    messages = (Message(role="user", content="x"),)
    request = Request(role="coder", key="a/0/2", messages=messages, tools=(TOOL,))
    async with scripted({"*": "ok"}, log=log, tool_calls="text") as (model, _):
        await model.complete(request)
    sent = last_payload(log)
    assert "tools" not in sent


async def test_a_budget_stops_before_the_next_call(scripted):
    ledger = Ledger(token_limit=1)
    async with scripted({"*": "ok"}, ledger=ledger) as (model, server):
        await model.complete(ask())
        with pytest.raises(BudgetExceeded, match="tokens"):
            await model.complete(ask())
    assert sum(server.calls.values()) == 1


async def test_calls_are_priced_and_charged_by_role(scripted):
    heard = []
    ledger = Ledger(on_charge=lambda role, usage, total: heard.append((role, usage, total)))
    prices = {"usd_per_million_input": 1_000_000.0, "usd_per_million_output": 0.0}
    async with scripted({"*": "ok"}, ledger=ledger, **prices) as (model, _):
        reply = await model.complete(ask())
    assert reply.usage.usd == reply.usage.input_tokens
    assert heard == [("coder", reply.usage, reply.usage)]


async def test_missing_usage_is_estimated(scripted):
    async with scripted({"*": {"content": "x" * 400, "usage": False}}) as (model, _):
        usage = (await model.complete(ask(text="y" * 4000))).usage
    assert 900 < usage.input_tokens < 1200
    assert 90 < usage.output_tokens < 130


async def test_a_key_in_the_environment_alone_is_never_sent(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-another")
    monkeypatch.setenv("MY_KEY", "named-in-the-configuration")
    heard = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    for variable in ("", "MY_KEY"):
        model = OpenAIModel(ModelSpec(name="m", base_url=address, api_key_env=variable, retries=0))
        with pytest.raises(ModelUnavailable, match="failed once"):
            await model.complete(ask())
        await model.aclose()
    server.close()
    assert b"secret-of-another" not in heard[0] + heard[1]
    assert b"named-in-the-configuration" not in heard[0]
    assert b"named-in-the-configuration" in heard[1]


def test_an_address_or_a_known_name_is_needed():
    with pytest.raises(UsageError, match="base_url"):
        OpenAIModel(ModelSpec(name="gpt-4o-mini"))


def test_a_named_key_must_be_there(monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(UsageError, match="NO_SUCH_KEY"):
        OpenAIModel(ModelSpec(name="m", base_url="https://api.example.com/v1", api_key_env="NO_SUCH_KEY"))


async def test_a_proxy_is_not_asked_for_this_machine(scripted, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with scripted({"*": "ok"}) as (model, _):
        assert (await model.complete(ask())).usage.usd is None


def test_usage_of_unknown_price_keeps_what_is_known():
    assert (Usage(usd=1.0) + Usage()).usd == 1.0


async def test_a_key_in_parts_of_a_stream_is_hidden(scripted, monkeypatch):
    monkeypatch.setenv("MY_KEY", "sk-1234567890abcdef")
    chunks = [
        {"choices": [{"delta": {"content": part}}]} for part in ("your key is sk-12345", "67890abcdef", ".")
    ]
    raw = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
    async with scripted({"*": {"raw": raw}}, api_key_env="MY_KEY") as (model, _):
        assert (await model.complete(ask())).message.content == "your key is [redacted]."


async def test_a_limit_per_minute_is_waited_out(scripted):
    """As an endpoint does that counts by a clock, which only our waiting puts forward."""
    clock = 0.0

    async def sleep(seconds: float) -> None:
        nonlocal clock
        clock += seconds

    def answer(role: str, key: str, payload: dict) -> object:
        return "ok" if clock >= 60 else {"status": 429, "content": "too many requests this minute"}

    async with scripted({"*": answer}, backoff=Backoff(sleep=sleep), retries=5) as (model, _):
        assert (await model.complete(ask())).message.content == "ok"


@pytest.mark.parametrize(
    "waits", [{"headers": {"Retry-After": "2"}}, {"content": "quota exceeded, retry in 2s"}]
)
async def test_a_quota_that_names_a_time_is_no_end_of_the_money(scripted, waits):
    slept = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    fault = {
        "status": 429,
        "content": "You have exceeded your current quota for requests per minute",
        **waits,
    }
    async with scripted({"*": [{**fault, "times": 2}, "ok"]}, backoff=Backoff(sleep=sleep)) as (model, _):
        assert (await model.complete(ask())).message.content == "ok"
    assert all(2.0 <= each <= 3.0 for each in slept)
    assert len(slept) == 2
