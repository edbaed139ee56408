from __future__ import annotations

import json

import pytest
from model_helpers import ask

from ahe.errors import ModelUnavailable
from ahe.models.probe import find_local_servers


async def test_an_unseen_key_is_named(scripted):
    async with scripted({"a/0/1": "x"}) as (model, server):
        with pytest.raises(ModelUnavailable, match="role 'coder' and key 'b/0/1'"):
            await model.complete(ask("b/0/1"))
    assert server.calls["coder", "b/0/1"] == 1


async def test_a_failing_callable_is_shown(scripted):
    def check(role: str, key: str, payload: dict) -> str:
        raise AssertionError("the prompt lacks the memory")

    async with scripted({"*": check}) as (model, _):
        with pytest.raises(ModelUnavailable, match="lacks the memory"):
            await model.complete(ask())


async def test_equal_calls_equal_replies_across_servers(scripted):
    answer = {"content": "x", "tool_calls": [{"name": "f", "arguments": {}}]}
    replies = []
    for _ in range(2):
        async with scripted({"*": answer}) as (model, _server):
            reply = await model.complete(ask())
            replies.append((reply.message, reply.usage, reply.finish))
    assert replies[0] == replies[1]


async def test_every_request_is_logged_by_every_server(scripted, tmp_path):
    log = tmp_path / "log.jsonl"
    for _ in range(2):
        async with scripted({"*": [{"status": 500}, "ok"]}, log=log) as (model, _server):
            await model.complete(ask())
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["key"], line["n"], line["status"]) for line in lines] == [
        ("task-a/0/1", 0, 500),
        ("task-a/0/1", 1, 200),
    ] * 2
    assert lines[0]["payload"]["messages"] == [{"role": "user", "content": "hello"}]


async def test_a_server_on_this_machine_is_found(scripted):
    async with scripted({}) as (model, _):
        port = int(model.spec.base_url.split(":")[2].split("/")[0])
        (found,) = await find_local_servers({port: "Ollama", 9: "nothing"})
    assert (found.kind, found.base_url, found.models) == (
        "Ollama",
        f"http://localhost:{port}/v1",
        ("scripted",),
    )


async def test_a_stopped_server_starts_again(scripted):
    async with scripted({"*": "ok"}) as (_, server):
        await server.stop()
        await server.stop()
        assert (await server.start()).startswith("http://127.0.0.1:")
