"""Answers over HTTP, in threads: what the scripted model and the relay for other agents have in common."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from email.message import Message
from http.server import BaseHTTPRequestHandler
from socketserver import BaseServer, ThreadingMixIn
from typing import Any

from ahe.models.script import ScriptedAnswer

POLL_SECONDS = 0.05
MAX_BODY = 16 * 1024 * 1024
IDLE_SECONDS = 60.0
SMALL = 1 << 16
"""A body that nobody wanted is read up to this size, so that its connection can stay; else that is closed."""

Serve = Callable[[str, str, Message, Callable[[], bytes]], ScriptedAnswer]
"""Method, path and headers of a request, and what reads its body → its answer, whose whole body is `raw`."""


class Threads(ThreadingMixIn, BaseServer):
    """A server with a thread for each connection; for `socketserver.TCPServer` or `UnixStreamServer`.

    At most `most` connections are open. One more ends the one that has waited longest for a request; where an answer is
    being computed for each of them, the new one is closed.
    """

    daemon_threads = True
    request_queue_size = 1024
    most = 1024

    def __init__(self, *given: Any) -> None:
        self._open: dict[Any, bool] = {}
        self._lock = threading.Lock()
        super().__init__(*given)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            longest = next((each for each, busy in self._open.items() if not busy), None)
            full = len(self._open) >= self.most
            if full and longest is not None:
                del self._open[longest]
                with contextlib.suppress(OSError):
                    longest.shutdown(socket.SHUT_RDWR)
            refused = full and longest is None
            if not refused:
                self._open[request] = False
        if refused:
            self.shutdown_request(request)
        else:
            super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def mark(self, request: Any, busy: bool) -> None:
        """An answer for this connection is being computed, or it waits for its next request."""
        with self._lock:
            if self._open.pop(request, None) is not None:
                self._open[request] = busy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """The client closed the connection, or does not speak HTTP."""


class Connection(BaseHTTPRequestHandler):
    """Serves the requests of one connection, which is kept alive, but not for longer than `timeout` without one."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave together, and not a delayed acknowledgement apart
    timeout = IDLE_SECONDS
    server: Threads

    def __init__(self, serve: Serve, *connection: Any) -> None:
        self._serve = serve
        self._unread = 0
        super().__init__(*connection)

    def do_POST(self) -> None:
        self._unread = int(self.headers.get("Content-Length", 0))
        if self._unread < 0:
            raise ValueError("the length of the body is negative")
        if self._unread > MAX_BODY:
            answer = failure(413, f"the body of a request has at most {MAX_BODY} bytes")
        else:
            answer = self._serve(self.command, self.path, self.headers, self._read)
        time.sleep(answer.delay)
        self.server.mark(self.connection, busy=False)
        if answer.drop:
            self.close_connection = True
            return
        if self._unread > SMALL:
            self.close_connection = True
        else:
            self.rfile.read(self._unread)
        body = (answer.raw or "").encode()[: answer.cut]
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **answer.headers}
        self.send_response_only(answer.status, "")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _read(self) -> bytes:
        body = self.rfile.read(self._unread)
        self._unread = 0
        self.server.mark(self.connection, busy=True)
        return body

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
