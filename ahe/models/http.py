"""A small HTTP server on loopback, in a thread of its own: what scripted and replaying models speak through.

It serves POST /v1/chat/completions and GET /v1/models, keeps connections alive, and can misbehave on request.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ahe.errors import UsageError

REASONS = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    429: "Too Many Requests",
    500: "Internal Server Error",
}
START_SECONDS = 10.0
MAX_BODY = 64 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What goes back: status, body and headers, `delay` seconds later, or nothing at all where `drop`."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drop: bool = False


def failure(status: int, message: str) -> Answer:
    """An error in the form that OpenAI-compatible endpoints use."""
    return Answer(status, json.dumps({"error": {"message": message, "code": status}}).encode())


@dataclass(frozen=True)
class Question:
    """One request as it came: method, path, headers with lower-case names, and body."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Completer = Callable[[str, str, dict[str, Any]], Answer]


class LoopbackServer:
    """Answers chat completions with `completer(role, key, payload)`, called for one request at a time."""

    def __init__(self, completer: Completer, model: str) -> None:
        self._completer = completer
        self._model = model
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._finished: asyncio.Event | None = None
        self._ready = threading.Event()
        self._port = 0

    async def start(self) -> str:
        """Starts the thread; returns the base URL."""
        self._ready.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        if not await asyncio.to_thread(self._ready.wait, START_SECONDS) or not self._port:
            raise UsageError("no port on 127.0.0.1 could be opened for the model's server")
        return f"http://127.0.0.1:{self._port}/v1"

    async def stop(self) -> None:
        """Stops the thread and closes its connections. Harmless when it does not run."""
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None or self._finished is None:
            return
        self._loop.call_soon_threadsafe(self._finished.set)
        await asyncio.to_thread(thread.join)
        self._loop, self._finished, self._port = None, None, 0

    async def _serve(self) -> None:
        self._loop, self._finished = asyncio.get_running_loop(), asyncio.Event()
        try:
            server = await asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=1024)
            self._port = server.sockets[0].getsockname()[1]
        finally:
            self._ready.set()
        await self._finished.wait()
        server.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (question := await _read(reader)) is not None:
                answer = self._answer(question)
                if answer.delay:
                    await asyncio.sleep(answer.delay)
                if answer.drop:
                    break
                writer.write(_encode(answer))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # A client that went away, or that does not speak HTTP, is nobody's fault here.
        finally:
            writer.close()

    def _answer(self, question: Question) -> Answer:
        path = question.path.partition("?")[0].rstrip("/")
        if question.method == "GET" and path.endswith("/models"):
            models = {"object": "list", "data": [{"id": self._model, "object": "model"}]}
            return Answer(200, json.dumps(models).encode())
        if question.method != "POST" or not path.endswith("/chat/completions"):
            return failure(404, f"{question.method} {question.path} is not served here")
        try:
            payload = json.loads(question.body)
        except ValueError:
            return failure(400, "the request's body is not JSON")
        role, key = question.headers.get("x-ahe-role", ""), question.headers.get("x-ahe-key", "")
        try:
            return self._completer(role, key, payload)
        except Exception as error:
            # A test's own callable failed: 400 shows its text at once, 500 would be tried again.
            return failure(400, f"the answer for role {role!r} and key {key!r} failed: {error!r}")


async def _read(reader: asyncio.StreamReader) -> Question | None:
    """The next request of a connection, or None at its end. Raises ValueError on what is not HTTP."""
    first = await reader.readline()
    if not first:
        return None
    method, path, _ = first.decode("latin-1").split()
    headers = {}
    while (line := await reader.readline()) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= MAX_BODY:
        raise ValueError("the body is too long")
    return Question(method, path, headers, await reader.readexactly(length))


def _encode(answer: Answer) -> bytes:
    headers = {"Content-Type": "application/json", "Content-Length": str(len(answer.body)), **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + answer.body
