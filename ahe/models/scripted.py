"""A model that gives the answers of a script, over real HTTP on loopback: for tests and for dry runs.

The server serves POST /v1/chat/completions and GET /v1/models, keeps connections alive, and can fail in scripted ways.
"""

import asyncio
import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from email.message import Message
from functools import partial
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any

from ahe.errors import UsageError
from ahe.models.reading import estimate
from ahe.models.script import Script, ScriptedAnswer, ScriptedCall

POLL_SECONDS = 0.05
MAX_BODY = 64 * 1024 * 1024

Serve = Callable[[str, str, Message, bytes], ScriptedAnswer]
"""Method, path, headers and body of a request → its answer, whose whole body is `raw`."""


class _Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The client closed the connection, or does not speak HTTP."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together, and not a delayed acknowledgement apart

    def __init__(self, serve: Serve, *connection: Any) -> None:
        self._serve = serve
        super().__init__(*connection)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        if not 0 <= length <= MAX_BODY:
            raise ValueError("the body is too long")
        answer = self._serve(self.command, self.path, self.headers, self.rfile.read(length))
        time.sleep(answer.delay)
        if answer.drop:
            self.close_connection = True
            return
        body = (answer.raw or "").encode()[: answer.cut]
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **answer.headers}
        self.send_response_only(answer.status, "")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, *_: Any) -> None:
        pass


class ScriptedServer:
    """Serves a script. An answer depends only on the request's role and key and on how many came before with both, not
    on the order of requests with other keys.

    `calls` counts requests by (role, key).
    """

    def __init__(self, script: Script) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self._script = script
        self._lock = threading.Lock()
        self._server: _Server | None = None

    async def start(self) -> str:
        """Starts to serve, in threads of its own; returns the base URL."""
        try:
            self._server = server = _Server(("127.0.0.1", 0), partial(_Connection, self._answer))
        except OSError as error:
            raise UsageError("no port on 127.0.0.1 could be opened for the model's server") from error
        threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_address[1]}/v1"

    async def stop(self) -> None:
        """Stops it; a connection that is still open ends with its next request. Does nothing if it is not running."""
        server, self._server = self._server, None
        if server is not None:
            await asyncio.to_thread(server.shutdown)
            server.server_close()

    def _answer(self, method: str, path: str, headers: Message, body: bytes) -> ScriptedAnswer:
        place = path.partition("?")[0].rstrip("/")
        if self._server is None:
            return ScriptedAnswer(drop=True)
        if method == "GET" and place.endswith("/models"):
            return ScriptedAnswer(raw='{"object": "list", "data": [{"id": "scripted", "object": "model"}]}')
        if method != "POST" or not place.endswith("/chat/completions"):
            return _failure(404, f"{method} {path} is not served here")
        try:
            payload = json.loads(body)
        except ValueError:
            return _failure(400, "the request's body is not JSON")
        role, key = headers.get("X-Ahe-Role", ""), headers.get("X-Ahe-Key", "")
        with self._lock:
            seen = self.calls[role, key]
            self.calls[role, key] += 1
            answer = self._complete(role, key, seen, payload)
            if self._script.log is not None:
                line = {"role": role, "key": key, "n": seen, "status": answer.status, "payload": payload}
                with self._script.log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line, ensure_ascii=False) + "\n")
        return answer

    def _complete(self, role: str, key: str, seen: int, payload: dict[str, Any]) -> ScriptedAnswer:
        try:
            scripted = self._script.find(role, key, seen, payload)
            if scripted is not None:
                return _played(scripted.filled(payload), f"{role} {key} {seen}", payload)
        except Exception as error:
            # A test's own callable failed: 400 shows its text at once, 500 would be retried.
            return _failure(400, f"the answer for role {role!r} and key {key!r} failed: {error!r}")
        return _failure(400, f"the script has no answer for role {role!r} and key {key!r} (call {seen + 1})")


def _failure(status: int, message: str) -> ScriptedAnswer:
    """An error in the form that OpenAI-compatible endpoints use."""
    return ScriptedAnswer(status=status, raw=json.dumps({"error": {"message": message, "code": status}}))


def _played(scripted: ScriptedAnswer, name: str, payload: dict[str, Any]) -> ScriptedAnswer:
    if scripted.raw is not None:
        return scripted
    if scripted.status >= 400:
        raw = _failure(scripted.status, scripted.content or "scripted failure").raw
    else:
        whole = _completion(scripted, name, payload)
        raw = _stream(whole) if payload.get("stream") else json.dumps(whole, ensure_ascii=False)
    return scripted.model_copy(update={"raw": raw})


def _completion(scripted: ScriptedAnswer, name: str, payload: dict[str, Any]) -> dict[str, Any]:
    """A chat completion whose ids and usage depend on the call alone, so that equal calls give equal bytes."""
    identity = hashlib.sha256(name.encode()).hexdigest()[:12]
    message: dict[str, Any] = {"role": "assistant", "content": scripted.content, **scripted.extra}
    if scripted.reasoning is not None:
        message["reasoning_content"] = scripted.reasoning
    if scripted.tool_calls:
        message["tool_calls"] = [
            _call(call, f"call_{identity}_{position}") for position, call in enumerate(scripted.tool_calls)
        ]
    finish = scripted.finish or ("tool_calls" if scripted.tool_calls else "stop")
    body: dict[str, Any] = {
        "id": f"chatcmpl-{identity}",
        "object": "chat.completion",
        "created": 0,
        "model": payload.get("model", "scripted"),
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        # As llama.cpp says how long it worked: how fast the machine is changes nothing.
        "timings": {"predicted_ms": max(1, 1000 * scripted.delay)},
    }
    if scripted.usage:
        asked, said = estimate(payload.get("messages", [])), estimate(message)
        body["usage"] = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
    return body


def _call(call: ScriptedCall, identity: str) -> dict[str, Any]:
    arguments = call.arguments if isinstance(call.arguments, str) else json.dumps(call.arguments)
    function = {"name": call.name, "arguments": arguments}
    return {
        "id": identity if call.id is None else call.id,
        "type": "function",
        **call.extra,
        "function": function,
    }


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
