"""The way of another agent's model calls out of its sandbox: HTTP on a Unix socket of the host.

The key stays on the host, and every call is counted against the trial's limits and the run's budget. One relay serves
all trials of a run: the path of a call begins with its trial's token.
"""

import asyncio
import json
import os
import re
import secrets
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from functools import partial
from pathlib import Path
from socketserver import UnixStreamServer
from typing import Any

from ahe.agents import hosted
from ahe.environments.inside import forward
from ahe.errors import AgentFault, AheError, BadRequest
from ahe.models.identity import served_here
from ahe.models.openai import CHAT, OpenAIModel
from ahe.models.script import ScriptedAnswer
from ahe.models.serving import POLL_SECONDS, Connection, Threads, failure, stream
from ahe.records import Ended, Mount, Reply, Request
from ahe.runtime.meter import Meter
from ahe.text import loads

SOCKET, FORWARD = "relay.sock", "forward.py"
INSIDE = "/run/ahe"
"""Where a sandbox shows the relay's folder."""
RESPONSES = "/responses"
PASSED_ON = (RESPONSES, "/messages")
NOT_SERVED = (
    404,
    "ahe relays /v1/chat/completions, /v1/responses, /v1/messages and /v1/models, and nothing else",
)
SPENT = (403, "no further call is made: this trial has reached its limit of {}")
CONNECTIONS, CALLS = 64, 16
"""At most so many connections to a relay, and calls of one trial that are answered or wait."""
WAIT = (429, f"a trial makes at most {CALLS} calls side by side")
MAX_HEADER = 2000
LENGTHS = ("max_tokens", "max_completion_tokens", "max_output_tokens")
HEADER = re.compile(r"anthropic-[a-z0-9-]{1,60}", re.IGNORECASE)
EVENTS = {"Content-Type": "text/event-stream"}


@dataclass
class Account:
    """A trial's calls. `stopped` is set once no further call is answered: a limit is reached (`ended`), or something
    failed that is not the agent's doing (`fatal`). `fault` is what the endpoint refused last, `said` the longest
    conversation."""

    key: str
    meter: Meter
    seed: int | None = None
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    ended: Ended | None = None
    fatal: AheError | None = None
    fault: AgentFault | None = None
    said: dict[str, Any] = field(default_factory=dict)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    calls: set[asyncio.Task[Any]] = field(default_factory=set)
    known: int = 0
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)  # before each call the limits are checked
    places: threading.Semaphore = field(default_factory=partial(threading.Semaphore, CALLS))


class _Server(Threads, UnixStreamServer):
    """On a Unix socket."""

    most = CONNECTIONS


class _Forwarded:
    """A call of the agent as a model, so that the meter times it as one of our own."""

    def __init__(
        self, model: OpenAIModel, path: str, payload: dict[str, Any], headers: dict[str, str]
    ) -> None:
        self.spec, self.fingerprint = model.spec, model.fingerprint
        self.raw = ""
        self.body: dict[str, Any] = {}
        self._model, self._path, self._payload, self._headers = model, path, payload, headers

    async def complete(self, request: Request) -> Reply:
        if self._path == CHAT:
            reply, self.body = await self._model.forward(self._payload, request.key)
            self.raw = stream(self.body) if self._payload.get("stream") else json.dumps(self.body)
        else:
            reply, raw = await self._model.pass_on(self._path, self._payload, self._headers)
            self.raw = raw.decode("utf-8", "replace")
        return reply


class Relay:
    """Relays calls to one model. `mount` is what a sandbox needs to reach it."""

    def __init__(self, model: OpenAIModel) -> None:
        self._model = model
        self._accounts: dict[str, Account] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="ahe-relay-"))
        self.spec = model.spec
        self.model_name = "model" if served_here(model.spec) else model.spec.name
        self.charge = partial(model.charge, "coder")
        self.mount = Mount(host=str(self._folder), inside=INSIDE)

    async def start(self) -> None:
        """Serves, in threads of its own, until `stop`."""
        self._loop = asyncio.get_running_loop()
        shutil.copy(forward.__file__, self._folder / FORWARD)
        self._server = _Server(str(self._folder / SOCKET), partial(Connection, self._serve))
        os.chmod(self._folder / SOCKET, 0o666)
        os.chmod(self._folder, 0o755)
        threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), daemon=True).start()

    async def stop(self) -> None:
        await asyncio.to_thread(self._server.shutdown)
        self._server.server_close()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    @contextmanager
    def account(self, key: str, meter: Meter, seed: int | None) -> Iterator[Account]:
        """An account for one trial; at the end its open calls are given up."""
        account = Account(key, meter, seed)
        self._accounts[account.token] = account
        try:
            yield account
        finally:
            del self._accounts[account.token]
            for call in account.calls:
                call.cancel()

    def _serve(self, method: str, path: str, headers: Message, read: Callable[[], bytes]) -> ScriptedAnswer:
        """In a thread of the connection."""
        _, token, version, place = (*path.partition("?")[0].rstrip("/").split("/", 3), "", "", "")[:4]
        account = self._accounts.get(token)
        if account is None or version != "v1":
            return failure(*NOT_SERVED)
        if method == "GET" and place == "models":
            model = {"id": self._model.spec.name, "object": "model", "created": 0, "owned_by": "ahe"}
            return ScriptedAnswer(raw=json.dumps({"object": "list", "data": [model]}))
        if method != "POST" or f"/{place}" not in (CHAT, *PASSED_ON):
            return failure(*NOT_SERVED)
        kept = {
            name: value
            for name, value in headers.items()
            if HEADER.fullmatch(name) and value.isascii() and value.isprintable() and len(value) <= MAX_HEADER
        }
        if not account.places.acquire(blocking=False):
            return failure(*WAIT)
        try:
            answer = self._answer(account, f"/{place}", read(), kept)
            return asyncio.run_coroutine_threadsafe(answer, self._loop).result()
        except CancelledError:
            return ScriptedAnswer(drop=True)
        finally:
            account.places.release()

    async def _answer(
        self, account: Account, path: str, body: bytes, headers: dict[str, str]
    ) -> ScriptedAnswer:
        if account.token not in self._accounts:
            return ScriptedAnswer(drop=True)
        task = asyncio.current_task()
        assert task is not None
        account.calls.add(task)
        task.add_done_callback(account.calls.discard)
        try:
            async with account.asking:
                payload = await asyncio.to_thread(_payload, path, body)
                return await self._metered(account, path, payload, headers)
        except AgentFault as fault:
            account.fault = fault
            return failure(400, str(fault))
        except AheError as error:
            account.fatal = account.fatal or error
            account.stopped.set()
            return failure(403, str(error))

    async def _metered(
        self, account: Account, path: str, payload: dict[str, Any], headers: dict[str, str]
    ) -> ScriptedAnswer:
        meter = account.meter
        account.ended = account.ended or meter.exceeded()
        if account.ended or account.fatal:
            account.stopped.set()
            return failure(SPENT[0], SPENT[1].format(account.ended))
        asked = {**payload, "model": self._model.spec.name}
        length = "max_output_tokens" if path == RESPONSES else "max_tokens"
        if length not in asked and (path != CHAT or "max_completion_tokens" not in asked):
            asked[length] = meter.limits.reply_tokens
        if path == CHAT and account.seed is not None:
            asked.setdefault("seed", account.seed + meter.turns)
        call = _Forwarded(self._model, path, asked, headers)
        meter.turns += 1
        request = Request(role="coder", key=f"{account.key}/{meter.turns - 1}", messages=())
        reply = await meter.call(call, request, account.known)
        if reply is None:
            account.ended = "seconds"
            account.stopped.set()
            return failure(SPENT[0], SPENT[1].format("seconds"))
        meter.usage += reply.usage
        account.known = reply.usage.tokens
        if len(asked.get("messages", ())) >= len(account.said.get("messages", ())) and path == CHAT:
            account.said = {"messages": asked["messages"], "choices": call.body["choices"]}
        return ScriptedAnswer(raw=call.raw, headers=EVENTS if payload.get("stream") else {})


def _payload(path: str, body: bytes) -> dict[str, Any]:
    """The payload of a call, without lengths that name none. Raises `BadRequest`."""
    try:
        payload = loads(body, finite=True)
    except (ValueError, RecursionError) as error:
        raise BadRequest(f"the request's body is not JSON ({str(error)[:200]})") from None
    messages = payload.get("messages") if isinstance(payload, dict) else None
    talk = isinstance(messages, list) and messages and all(isinstance(each, dict) for each in messages)
    if not isinstance(payload, dict) or (path == CHAT and not talk):
        raise BadRequest("the request's body is not a JSON object with messages")
    hosted.check(payload)
    payload = {name: value for name, value in payload.items() if value or name not in LENGTHS}
    if not all(isinstance(payload.get(name, 1), int) for name in LENGTHS):
        raise BadRequest(f"{', '.join(LENGTHS)} are whole numbers")
    return payload


@asynccontextmanager
async def relayed(model: OpenAIModel, wanted: bool) -> AsyncIterator[Relay | None]:
    """A relay to the model, which serves until the end; None where it is not wanted."""
    if not wanted:
        yield None
        return
    relay = Relay(model)
    await relay.start()
    try:
        yield relay
    finally:
        await relay.stop()
