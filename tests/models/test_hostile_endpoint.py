"""Endpoints that answer without end, compressed, in countless parts, or with the key: bounded, and no key on disk."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from model_helpers import ask

from ahe.errors import ModelUnavailable
from ahe.models import body, reading
from ahe.models.network import MAX_BODY
from ahe.models.openai import OpenAIModel
from ahe.models.retry import Backoff
from ahe.records import ModelSpec

KEY = "sk-hostile-0123456789"
HI = json.dumps({"choices": [{"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}]})
Serve = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def endpoint(serve: Serve) -> AsyncIterator[OpenAIModel]:
    """The client of an endpoint whose answers `serve` writes, head and all."""

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            await serve(writer)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(one, "127.0.0.1", 0)
    async with server:
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        spec = ModelSpec(name="m", base_url=address, api_key_env="A_KEY", retries=0)
        model = OpenAIModel(spec, backoff=Backoff(base=0.0, cap=0.0, patience=0.0))
        try:
            yield model
        finally:
            await model.aclose()


def answer(content: bytes, *headers: str, status: int = 200) -> Serve:
    head = "".join(f"{line}\r\n" for line in (*headers, f"Content-Length: {len(content)}"))

    async def serve(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 {status} X\r\n{head}Connection: close\r\n\r\n".encode() + content)

    return serve


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", KEY)


@pytest.mark.parametrize("status", [200, 400, 500])
async def test_a_compressed_body_is_bounded_after_unpacking(status: int) -> None:
    bomb = gzip.compress(bytes(64 << 20), 1)
    async with endpoint(answer(bomb, "Content-Encoding: gzip", status=status)) as model:
        with pytest.raises(ModelUnavailable, match="more than 16 MB"):
            await model.complete(ask())


@pytest.mark.parametrize("status", [200, 400])
async def test_a_body_without_end_is_left(status: int) -> None:
    sent = 0

    async def serve(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(f"HTTP/1.1 {status} X\r\nConnection: close\r\n\r\n".encode())
        while True:
            writer.write(b": alive\n" * 8_192)
            await writer.drain()
            sent += 65_536

    async with endpoint(serve) as model:
        with pytest.raises(ModelUnavailable, match="more than 16 MB"):
            await model.complete(ask())
    assert sent < 4 * MAX_BODY


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "identity"])
async def test_an_honest_body_is_read_compressed_or_not(encoding: str) -> None:
    content = HI.encode() if encoding == "identity" else gzip.compress(HI.encode())
    async with endpoint(answer(content, f"Content-Encoding: {encoding}")) as model:
        assert (await model.complete(ask())).message.content == "hi"


async def test_a_compression_that_nobody_asked_for_is_named() -> None:
    async with endpoint(answer(b"x", "Content-Encoding: br")) as model:
        with pytest.raises(ModelUnavailable, match="compressed"):
            await model.complete(ask())


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_named_and_not_followed(status: int) -> None:
    asked: list[str] = []

    async def other(writer: asyncio.StreamWriter) -> None:
        asked.append("asked")
        await answer(HI.encode())(writer)

    async with endpoint(other) as secret:
        place = secret.spec.base_url.replace("http://", f"http://me:{KEY}@")
        async with endpoint(answer(b"", f"Location: {place}?k={KEY}", status=status)) as model:
            with pytest.raises(
                ModelUnavailable, match=r"a redirect to http://127.*correct `base_url`"
            ) as caught:
                await model.complete(ask())
    assert not asked and KEY not in str(caught.value)


SAID = json.dumps({"error": {"message": f"bad key {KEY}"}}).encode()
HEADERS = [
    f"Retry-After: Mon, 01 Jan {'9' * 20} 00:00:00 GMT",
    "Content-Type: application/json; charset=hex",
    "Content-Type: application/json; charset=rot13",
    f"Location: http://[{KEY}",
    "X-Nothing: 1",
]


@pytest.mark.parametrize("status", [200, 301, 400, 401, 413, 429, 500])
@pytest.mark.parametrize("header", HEADERS)
async def test_no_traceback_holds_the_endpoints_own_words(status: int, header: str) -> None:
    async with endpoint(answer(SAID, header, status=status)) as model:
        with pytest.raises(Exception) as caught:
            await model.complete(ask())
    told = "".join(traceback.format_exception(caught.value))
    assert KEY not in told
    errors: list[BaseException | None] = [caught.value]
    for error in errors:  # Nor an error that a traceback leaves out, and another tool may show.
        if error is not None:
            assert KEY not in f"{error!r} {error}"
            errors += [error.__cause__, error.__context__]


def events(*chunks: object) -> bytes:
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n"


def calls(*parts: object) -> dict[str, object]:
    return {"choices": [{"delta": {"tool_calls": list(parts)}}]}


@pytest.mark.parametrize(
    "parts",
    [
        [{"index": n} for n in range(100_000)],
        [{"index": 0, "id": str(n % 2)} for n in range(100_000)],
        [{"index": 0, "function": {"name": "f", "arguments": "{}"}} for n in range(100_000)],
    ],
    ids=["an index for each", "ids in turn", "one call"],
)
@pytest.mark.parametrize("together", [True, False])
def test_countless_parts_of_a_stream_cost_no_more_than_their_number(
    parts: list[object], together: bool
) -> None:
    raw = events(calls(*parts)) if together else events(*map(calls, parts))
    started = time.process_time()
    message = body.parse(raw)["choices"][0]["message"]
    assert time.process_time() - started < 5.0
    assert 1 <= len(message["tool_calls"]) <= body.MAX_CALLS


@pytest.mark.parametrize("streamed", [True, False])
def test_so_many_calls_of_a_reply_are_read(streamed: bool) -> None:
    parts = [{"index": n, "id": str(n), "function": {"name": "f", "arguments": "{}"}} for n in range(1_000)]
    message = {"choices": [{"message": {"tool_calls": parts}}]}
    parsed = body.parse(events(calls(*parts)) if streamed else json.dumps(message).encode())
    assert len(reading.reply(parsed, {"messages": []}).message.tool_calls) == body.MAX_CALLS


def test_a_long_call_whose_name_is_in_every_part_is_joined() -> None:
    text = json.dumps({"text": "if (a) { b(); }\r\n" * 20_000})
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    chunks = [calls({"index": 0, "function": {"name": "f", "arguments": piece}}) for piece in pieces]
    (call,) = reading.reply(body.parse(events(*chunks)), {"messages": []}).message.tool_calls
    assert (call.name, call.arguments) == ("f", json.loads(text))
