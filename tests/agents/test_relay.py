"""The relay alone: raw requests on its socket, and an endpoint over HTTP that remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager, suppress
from email.message import Message
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import UnixStreamServer
from threading import Thread
from typing import Any

import pytest

from ahe.agents.hosted import check
from ahe.agents.relay import CALLS, CONNECTIONS, SOCKET, Account, Relay
from ahe.errors import BadRequest
from ahe.models.openai import OpenAIModel
from ahe.models.script import ScriptedAnswer
from ahe.models.serving import MAX_BODY, Connection, Threads
from ahe.records import Limits, ModelSpec
from ahe.runtime.meter import Meter

SENDERS = ThreadPoolExecutor(32)
"""Threads apart from those of the event loop, which the relay needs."""
HELLO = {"messages": [{"role": "user", "content": "hello"}]}


class Endpoint(BaseHTTPRequestHandler):
    """Answers every call after a moment, with a usage of 15 tokens."""

    asked: list[tuple[dict[str, Any], dict[str, str]]]

    def do_POST(self) -> None:
        payload = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((payload, {name.lower(): value for name, value in self.headers.items()}))
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "input_tokens": 10, "output_tokens": 5}
        message = {"role": "assistant", "content": "Hello."}
        whole = {"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}
        body = json.dumps(whole).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def endpoint() -> Iterator[tuple[str, list[tuple[dict[str, Any], dict[str, str]]]]]:
    handler = type("Remembers", (Endpoint,), {"asked": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1", handler.asked
        server.shutdown()


class Trial:
    """One trial's way to the relay."""

    def __init__(self, relay: Relay, account: Account, asked: list[Any]) -> None:
        self.path = str(Path(relay.mount.host, SOCKET))
        self.account, self.asked = account, asked

    def connect(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(10)
        made.connect(self.path)
        return made

    def head(self, place: str, length: int, more: bytes = b"", token: str = "") -> bytes:
        path = f"/{token or self.account.token}/v1/{place}"
        return f"POST {path} HTTP/1.1\r\nContent-Length: {length}\r\n".encode() + more + b"\r\n"

    def send(self, body: bytes, place: str = "chat/completions", more: bytes = b"") -> tuple[int, str]:
        with self.connect() as made:
            made.sendall(self.head(place, len(body), more) + body)
            return answer(made)

    async def call(self, payload: Any, place: str = "chat/completions", more: bytes = b"") -> tuple[int, str]:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return await asyncio.get_running_loop().run_in_executor(SENDERS, self.send, body, place, more)


def answer(made: socket.socket) -> tuple[int, str]:
    with made.makefile("rb") as file:
        status = int(file.readline().split()[1])
        length = 0
        while (line := file.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return status, file.read(length).decode()


@asynccontextmanager
async def relayed_trial(**limits: Any) -> AsyncIterator[Trial]:
    with endpoint() as (address, asked):
        spec = ModelSpec(name="m", base_url=address, api_key_env="", tool_calls="native", retries=0)
        model = OpenAIModel(spec)
        relay = Relay(model)
        await relay.start()
        try:
            with relay.account("t/0", Meter(Limits(**limits)), None) as account:
                yield Trial(relay, account, asked)
        finally:
            await relay.stop()
            await model.aclose()


async def test_idle_connections_of_one_trial_do_not_keep_others_out() -> None:
    async with relayed_trial() as trial:
        idle = [trial.connect() for _ in range(3 * CONNECTIONS)]
        try:
            status, said = await trial.call(HELLO)
            assert status == 200, said
            ended = [each for each in idle if _ended(each)]
            assert len(ended) > CONNECTIONS
        finally:
            for each in idle:
                each.close()


class Quick(Connection):
    timeout = 0.3


class Local(Threads, UnixStreamServer):
    most = 2


async def test_a_connection_ends_when_it_is_idle_and_not_while_its_answer_is_computed(tmp_path: Path) -> None:
    assert Connection.timeout and Connection.timeout <= 120

    def serve(method: str, path: str, headers: Message, read: Callable[[], bytes]) -> ScriptedAnswer:
        read()
        return ScriptedAnswer(raw="{}", delay=1.0)

    def question() -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(10)
        made.connect(str(tmp_path / "s"))
        return made

    with Local(str(tmp_path / "s"), partial(Quick, serve)) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        with question() as idle, question() as slow:
            slow.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
            assert await asyncio.to_thread(idle.recv, 1) == b""
            with question() as other:  # takes the place of the one that ended
                other.sendall(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
                await asyncio.sleep(0.2)
                with question() as excess, suppress(OSError):  # answers are computed for both
                    excess.sendall(b"GET / HTTP/1.1\r\n\r\n")
                    assert await asyncio.to_thread(excess.recv, 1) == b""
                assert await asyncio.to_thread(answer, slow) == (200, "{}")
                assert await asyncio.to_thread(answer, other) == (200, "{}")
        server.shutdown()


def _ended(made: socket.socket) -> bool:
    made.setblocking(False)
    try:
        return made.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


async def test_a_token_and_a_length_are_looked_at_before_the_body() -> None:
    async with relayed_trial() as trial:
        for length, token, expected in ((1 << 20, "0" * 32, 404), (MAX_BODY + 1, "", 413)):
            with trial.connect() as made:
                made.sendall(trial.head("chat/completions", length, token=token))
                assert (await asyncio.to_thread(answer, made))[0] == expected
        assert trial.asked == []


async def test_bodies_that_wait_for_an_answer_are_few() -> None:
    async with relayed_trial() as trial:
        held = [trial.connect() for _ in range(CALLS)]
        try:
            for each in held:
                each.sendall(trial.head("chat/completions", 100))
            await asyncio.sleep(0.3)
            assert (await trial.call(HELLO))[0] == 429
        finally:
            for each in held:
                each.close()


async def test_calls_side_by_side_do_not_pass_the_limit_of_tokens() -> None:
    async with relayed_trial(tokens=40) as trial:
        answers = await asyncio.gather(*(trial.call(HELLO) for _ in range(10)))
        assert sorted(status for status, _ in answers) == [200] * 3 + [403] * 7
        assert len(trial.asked) == 3


@pytest.mark.parametrize(
    ("place", "given", "name"),
    [
        ("chat/completions", {**HELLO, "max_tokens": None}, "max_tokens"),
        ("chat/completions", {**HELLO, "max_tokens": 0}, "max_tokens"),
        ("responses", {"input": "hello"}, "max_output_tokens"),
        ("messages", {**HELLO, "max_tokens": None}, "max_tokens"),
    ],
)
async def test_a_reply_without_a_length_has_that_of_the_limits(
    place: str, given: dict[str, Any], name: str
) -> None:
    async with relayed_trial(reply_tokens=77) as trial:
        assert (await trial.call(given, place))[0] == 200
        assert trial.asked[0][0][name] == 77


async def test_a_body_that_cannot_be_sent_is_the_agents_fault_and_half_a_character_is_replaced() -> None:
    async with relayed_trial() as trial:
        for wrong in (
            b'{"messages": [{"role": "user", "content": "x"}], "top_p": NaN}',
            b'{"messages": [{"role": "user", "content": "x"}], "top_p": 1e999}',
            b'{"messages": [{"role": "user", "content": "x"}], "max_tokens": "many"}',
            b"[" * 100_000,
            b"\xff",
            b'{"messages": "hello"}',
        ):
            status, said = await trial.call(wrong)
            assert status == 400, said
        assert trial.asked == [] and isinstance(trial.account.fault, BadRequest)
        half = b'{"messages": [{"role": "user", "content": "a\\ud800b"}]}'
        assert (await trial.call(half))[0] == 200
        assert trial.asked[0][0]["messages"][0]["content"] == "a\ufffdb"
        assert trial.account.fatal is None


async def test_of_headers_only_plain_ones_are_passed_on() -> None:
    more = b"anthropic-version: 1\r\nanthropic-beta: \xe9\r\nanthropic-\xe9: x\r\nother: y\r\n"
    async with relayed_trial() as trial:
        status, said = await trial.call({**HELLO, "max_tokens": 5}, "messages", more)
        assert status == 200, said
        sent = trial.asked[0][1]
        assert sent["anthropic-version"] == "1" and "other" not in sent
        assert [name for name in sent if name.startswith("anthropic")] == ["anthropic-version"]


def content(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": list(parts)}]}


REFUSED: list[dict[str, Any]] = [
    {"tools": [{"type": "web_search"}]},
    {"tools": [{"type": "mcp", "server_url": "https://example.org"}]},
    {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
    {"tools": [{"type": "openrouter:web_search"}]},
    {"tools": [{"google_search": {}}]},
    {"tools": ["function"]},
    {"tools": {"type": "web_search"}},
    {"tools": [{"type": "namespace", "tools": [{"type": "web_search"}]}]},
    {"mcp_servers": [{"url": "https://example.org"}]},
    {"background": True},
    {"models": ["other:online"]},
    {"plugins": [{"id": "web"}]},
    {"route": "fallback"},
    {"web_search_options": {}},
    content({"type": "image_url", "image_url": {"url": "https://example.org/?secret"}}),
    content({"type": "file", "file": {"file_data": " HTTPS://example.org/a.pdf"}}),
    content({"type": "image", "source": {"type": "url", "url": "http://example.org/a.png"}}),
    content({"type": "tool_result", "content": [{"type": "document", "source": {"url": "http://a.org"}}]}),
    {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "https://a.org"}]}]},
    {"input": [{"role": "user", "content": [{"type": "input_file", "file_url": "ht\ntps://a.org"}]}]},
]
PASSED: list[dict[str, Any]] = [
    {"tools": [{"type": "function", "function": {"name": "web_search"}}, {"type": "local_shell"}]},
    {"tools": [{"name": "search", "input_schema": {}}, {"type": "bash_20250124", "name": "bash"}]},
    {"tools": [{"type": "text_editor_20250728"}, {"type": "custom", "name": "apply_patch"}], "models": None},
    {"background": False, "mcp_servers": [], "store": False},
    content({"type": "text", "text": "https://example.org"}),
    content({"type": "image_url", "image_url": {"url": "data:image/png;base64,aHR0cHM6Ly8="}}),
    content({"type": "tool_use", "name": "fetch", "input": {"file": "https://example.org"}}),
    {"input": [{"type": "function_call_output", "output": "https://example.org"}]},
]


@pytest.mark.parametrize("payload", REFUSED, ids=json.dumps)
def test_what_the_endpoint_would_do_by_itself_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match="ahe does not pass on"):
        check(payload)


@pytest.mark.parametrize("payload", PASSED, ids=json.dumps)
def test_what_the_agent_does_itself_is_passed_on(payload: dict[str, Any]) -> None:
    check(payload)


async def test_a_refusal_is_answered_with_its_reason_in_all_forms_of_calls() -> None:
    async with relayed_trial() as trial:
        for place in ("chat/completions", "responses", "messages"):
            status, said = await trial.call({**HELLO, "tools": [{"type": "web_search"}]}, place)
            assert status == 400 and "the tool 'web_search'" in said
        assert trial.asked == [] and trial.account.meter.turns == 0
