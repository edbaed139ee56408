from __future__ import annotations

import asyncio

import pytest

from ahe.errors import ModelUnavailable
from ahe.models.network import MAX_BODY
from ahe.models.probe import find_local_servers, probe_tool_calls

GOOD = {"tool_calls": [{"name": "get_temperature", "arguments": {"city": "Paris"}}]}
BROKEN = {"tool_calls": [{"name": "get_temperature", "arguments": "{"}]}
FENCED = '```json\n{"name": "get_temperature"}\n```'
REFUSED = {"status": 400, "content": "m does not support tools"}
NO_ROUTE = {"status": 404, "content": "No endpoints found that support tool use"}


@pytest.mark.parametrize(
    ("answers", "mode", "why", "calls"),
    [
        ([GOOD, GOOD, FENCED], "native", "2 of 2", 2),
        ([GOOD, FENCED, GOOD], "native", "2 of 3", 3),
        ([BROKEN, GOOD, GOOD], "native", "2 of 3", 3),
        ([FENCED, FENCED, GOOD], "text", "answered in text", 2),
        ([BROKEN, BROKEN, GOOD], "text", "malformed", 2),
        ([GOOD, BROKEN, FENCED], "text", "answered in text", 3),
        ([REFUSED, GOOD, GOOD], "text", "does not support tools", 2),
        ([NO_ROUTE, GOOD, GOOD], "text", "support tool use", 2),
    ],
)
async def test_the_mode_is_found_and_explained(scripted, answers, mode, why, calls):
    keyed = {f"ahe-models-test/{attempt}/0": answer for attempt, answer in enumerate(answers)}
    # A refusal is followed by a plain question.
    async with scripted({**keyed, "ahe-plain-question/*": "OK"}) as (model, server):
        found, explanation = await probe_tool_calls(model)
    assert (found, sum(server.calls.values())) == (mode, calls)
    assert why in explanation


async def test_an_empty_account_is_not_taken_for_an_endpoint_without_tools(scripted):
    async with scripted({"*": {"status": 400, "content": "your wallet needs attention"}}) as (model, _):
        with pytest.raises(ModelUnavailable, match="wallet"):
            await probe_tool_calls(model)


async def test_what_is_no_model_server_is_not_found():
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        await writer.drain()
        await reader.read()
        writer.close()

    servers = [await asyncio.start_server(each, "127.0.0.1", 0) for each in (mute, page)]
    ports = {server.sockets[0].getsockname()[1]: "other" for server in servers}
    assert await find_local_servers(ports) == []
    for server in servers:
        server.close()


async def test_a_server_that_sends_without_end_or_nested_lists_is_passed_over() -> None:
    """Anything may listen on the usual ports."""
    bodies = [b'{"data": [' + b" " * (MAX_BODY + 1) + b"]}", b"[" * 100_000]

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = bodies.pop()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        assert await find_local_servers({port: "odd"}) == []
        assert await find_local_servers({port: "odd"}) == []
    assert bodies == []
