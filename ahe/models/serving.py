"""Answers over HTTP, in threads: what the scripted model and the relay for other agents have in common."""

import json
import time
from collections.abc import Callable
from email.message import Message
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn
from typing import Any

from ahe.models.script import ScriptedAnswer

POLL_SECONDS = 0.05
MAX_BODY = 64 * 1024 * 1024

Serve = Callable[[str, str, Message, bytes], ScriptedAnswer]
"""Method, path, headers and body of a request → its answer, whose whole body is `raw`."""


class Threads(ThreadingMixIn):
    """A server with a thread for each connection; for `socketserver.TCPServer` or `UnixStreamServer`."""

    daemon_threads = True
    request_queue_size = 1024

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The client closed the connection, or does not speak HTTP."""


class Connection(BaseHTTPRequestHandler):
    """Serves the requests of one connection, which is kept alive."""

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


def failure(status: int, message: str) -> ScriptedAnswer:
    """An error in the form that OpenAI-compatible endpoints use."""
    return ScriptedAnswer(status=status, raw=json.dumps({"error": {"message": message, "code": status}}))


def stream(whole: dict[str, Any]) -> str:
    """A completion as a stream of events: every field in a part of its own, a call's arguments in two."""
    choice = whole["choices"][0]
    message = choice["message"]
    same = {key: value for key, value in whole.items() if key in ("id", "created", "model")}
    same["object"] = "chat.completion.chunk"
    parts: list[dict[str, Any]] = [{key: message[key]} for key in message if key != "tool_calls"]
    for index, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        first, rest = function["arguments"][:5], function["arguments"][5:]
        parts.append({"tool_calls": [{**call, "index": index, "function": {**function, "arguments": first}}]})
        parts.append({"tool_calls": [{"index": index, "function": {"arguments": rest}}]})
    chunks = [{"choices": [{"index": 0, "delta": part, "finish_reason": None}]} for part in parts]
    chunks += [{"choices": [{**choice, "message": None, "delta": {}}]}, {**whole, "choices": []}]
    events = [json.dumps({**chunk, **same}, ensure_ascii=False) for chunk in chunks]
    return ": a comment that keeps the connection alive\n\n" + "".join(
        f"data: {event}\n\n" for event in [*events, "[DONE]"]
    )
