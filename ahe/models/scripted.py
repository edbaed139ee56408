"""A model that gives the answers of a script, over real HTTP on loopback: for tests and for dry runs.

The server serves POST /v1/chat/completions and GET /v1/models in a thread of its own, keeps connections alive, and
can fail in scripted ways.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ahe.errors import UsageError
from ahe.models.reading import estimate
from ahe.models.script import Script, ScriptedAnswer

START_SECONDS = 10.0
MAX_BODY = 64 * 1024 * 1024


@dataclass(frozen=True)
class HttpResponse:
    """A response, sent after `delay` seconds; with `drop` the connection is closed instead."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drop: bool = False


def failure(status: int, message: str) -> HttpResponse:
    """An error in the form that OpenAI-compatible endpoints use."""
    return HttpResponse(status, json.dumps({"error": {"message": message, "code": status}}).encode())


class ScriptedServer:
    """Serves a script. An answer depends only on the request's role and key and on how many came before with both, not
    on the order of requests with other keys.

    `calls` counts requests by (role, key).
    """

    def __init__(self, script: Script) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self._script = script
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
        """Stops the thread and closes its connections. Does nothing if it is not running."""
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
            while True:
                answer = self._answer(*await _read(reader))
                if answer.delay:
                    await asyncio.sleep(answer.delay)
                if answer.drop:
                    break
                writer.write(_encode(answer))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass  # The client closed the connection, or does not speak HTTP.
        finally:
            writer.close()

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> HttpResponse:
        place = path.partition("?")[0].rstrip("/")
        if method == "GET" and place.endswith("/models"):
            models = {"object": "list", "data": [{"id": "scripted", "object": "model"}]}
            return HttpResponse(200, json.dumps(models).encode())
        if method != "POST" or not place.endswith("/chat/completions"):
            return failure(404, f"{method} {path} is not served here")
        try:
            payload = json.loads(body)
        except ValueError:
            return failure(400, "the request's body is not JSON")
        role, key = headers.get("x-ahe-role", ""), headers.get("x-ahe-key", "")
        seen = self.calls[role, key]
        self.calls[role, key] += 1
        answer = self._complete(role, key, seen, payload)
        if self._script.log is not None:
            line = {"role": role, "key": key, "n": seen, "status": answer.status, "payload": payload}
            with self._script.log.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return answer

    def _complete(self, role: str, key: str, seen: int, payload: dict[str, Any]) -> HttpResponse:
        try:
            scripted = self._script.find(role, key, seen, payload)
            if scripted is not None:
                return _played(scripted.filled(payload), f"{role} {key} {seen}", payload)
        except Exception as error:
            # A test's own callable failed: 400 shows its text at once, 500 would be retried.
            return failure(400, f"the answer for role {role!r} and key {key!r} failed: {error!r}")
        return failure(400, f"the script has no answer for role {role!r} and key {key!r} (call {seen + 1})")


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str], bytes]:
    """Method, path, headers (names in lower case) and body of the next request of a connection.

    Raises IncompleteReadError at the end of the connection, ValueError on what is not HTTP.
    """
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, path, _ = first.split()
    headers = {name.strip().lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= MAX_BODY:
        raise ValueError("the body is too long")
    return method, path, headers, await reader.readexactly(length)


def _encode(answer: HttpResponse) -> bytes:
    headers = {"Content-Type": "application/json", "Content-Length": str(len(answer.body)), **answer.headers}
    # The reason phrase after the status may be empty.
    lines = [f"HTTP/1.1 {answer.status} ", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + answer.body


def _played(scripted: ScriptedAnswer, name: str, payload: dict[str, Any]) -> HttpResponse:
    if scripted.raw is not None:
        body = scripted.raw.encode()
    elif scripted.status >= 400:
        body = failure(scripted.status, scripted.content or "scripted failure").body
    else:
        whole = _completion(scripted, name, payload)
        text = _stream(whole) if payload.get("stream") else json.dumps(whole, ensure_ascii=False)
        body = text.encode()
    return HttpResponse(
        scripted.status, body[: scripted.cut], scripted.headers, scripted.delay, scripted.drop
    )


def _completion(scripted: ScriptedAnswer, name: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A chat completion whose ids and usage depend on the call alone, so that equal calls give equal bytes."""
    identity = hashlib.sha256(name.encode()).hexdigest()[:12]
    message: dict[str, Any] = {"role": "assistant", "content": scripted.content, **scripted.extra}
    if scripted.reasoning is not None:
        message["reasoning_content"] = scripted.reasoning
    if scripted.tool_calls:
        message["tool_calls"] = [
            {
                "id": f"call_{identity}_{position}" if call.id is None else call.id,
                "type": "function",
                **call.extra,
                "function": {
                    "name": call.name,
                    "arguments": call.arguments
                    if isinstance(call.arguments, str)
                    else json.dumps(call.arguments),
                },
            }
            for position, call in enumerate(scripted.tool_calls)
        ]
    finish = scripted.finish or ("tool_calls" if scripted.tool_calls else "stop")
    body: dict[str, Any] = {
        "id": f"chatcmpl-{identity}",
        "object": "chat.completion",
        "created": 0,
        "model": payload.get("model", "scripted"),
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
    }
    if scripted.usage:
        asked, said = estimate(payload.get("messages", [])), estimate(message)
        body["usage"] = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
    return body


def _stream(whole: dict[str, Any]) -> str:
    """A completion as a stream of events: every field in a part of its own, a call's arguments in two."""
    (choice,) = whole.pop("choices")
    message = choice["message"]
    parts: list[dict[str, Any]] = [{key: message[key]} for key in message if key != "tool_calls"]
    for index, call in enumerate(message.get("tool_calls", ())):
        function = call["function"]
        first, rest = function["arguments"][:5], function["arguments"][5:]
        parts.append({"tool_calls": [{**call, "index": index, "function": {**function, "arguments": first}}]})
        parts.append({"tool_calls": [{"index": index, "function": {"arguments": rest}}]})
    chunks = [{"choices": [{"index": 0, "delta": part, "finish_reason": None}]} for part in parts]
    chunks += [{"choices": [{**choice, "message": None, "delta": {}}]}, {**whole, "choices": []}]
    events = [json.dumps(chunk, ensure_ascii=False) for chunk in chunks]
    return ": a comment that keeps the connection alive\n\n" + "".join(
        f"data: {event}\n\n" for event in [*events, "[DONE]"]
    )
