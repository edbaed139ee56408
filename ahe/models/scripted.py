"""A model that gives the answers of a script, over real HTTP on loopback: for tests and for dry runs.

The server serves POST /v1/chat/completions and GET /v1/models, keeps connections alive, and can fail in scripted ways.
"""

import asyncio
import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable
from email.message import Message
from functools import partial
from socketserver import TCPServer
from typing import Any

from ahe.errors import UsageError
from ahe.models.reading import estimate
from ahe.models.script import Script, ScriptedAnswer, ScriptedCall
from ahe.models.serving import POLL_SECONDS, Connection, Threads, failure, stream


class _Server(Threads, TCPServer):
    """On a port of 127.0.0.1."""


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
            self._server = server = _Server(("127.0.0.1", 0), partial(Connection, self._answer))
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

    def _answer(self, method: str, path: str, headers: Message, read: Callable[[], bytes]) -> ScriptedAnswer:
        place = path.partition("?")[0].rstrip("/")
        if self._server is None:
            return ScriptedAnswer(drop=True)
        if method == "GET" and place.endswith("/models"):
            return ScriptedAnswer(raw='{"object": "list", "data": [{"id": "scripted", "object": "model"}]}')
        if method != "POST" or not place.endswith("/chat/completions"):
            return failure(404, f"{method} {path} is not served here")
        try:
            payload = json.loads(read())
        except ValueError:
            return failure(400, "the request's body is not JSON")
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
            return failure(400, f"the answer for role {role!r} and key {key!r} failed: {error!r}")
        return failure(400, f"the script has no answer for role {role!r} and key {key!r} (call {seen + 1})")


def _played(scripted: ScriptedAnswer, name: str, payload: dict[str, Any]) -> ScriptedAnswer:
    if scripted.raw is not None:
        return scripted
    if scripted.status >= 400:
        raw = failure(scripted.status, scripted.content or "scripted failure").raw
    else:
        whole = _completion(scripted, name, payload)
        raw = stream(whole) if payload.get("stream") else json.dumps(whole, ensure_ascii=False)
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
