"""The one client: any OpenAI-compatible endpoint, through the `openai` package."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import urlsplit

from ahe.errors import AgentFault, BadRequest, ModelUnavailable, UsageError
from ahe.models import body, reading, wire
from ahe.models.identity import fingerprint, on_loopback, served_here
from ahe.models.ledger import Ledger, cost
from ahe.models.network import obstacle, read_bounded, unreachable
from ahe.models.refusals import Adapt, Unreadable, refusal
from ahe.models.retry import Backoff, TransientFailure, retrying
from ahe.models.secrets import Secrets, shown
from ahe.records import Message, ModelSpec, Reply, Request, Role, Usage
from ahe.text import loads

if TYPE_CHECKING:
    from openai import AsyncOpenAI, Omit

ROLE_HEADER, KEY_HEADER = "X-Ahe-Role", "X-Ahe-Key"
CONNECT_SECONDS = 10.0
ANTHROPIC_HOST = "api.anthropic.com"
CHAT = "/chat/completions"
NO_MESSAGES: dict[str, Any] = {"messages": ()}
Form = Callable[[wire.Habits, int], dict[str, Any]]
"""The body of a call, for an endpoint with these habits and a reply of at most so many tokens (0: as asked for)."""
T = TypeVar("T")
MOST_FORMS = 12
PLAIN = Request(
    role="coder",
    key="ahe-plain-question/0/0",
    messages=(Message(role="user", content="Say OK."),),
    max_tokens=4096,  # A model may think before it answers.
)
REMEMBERED = 60.0
"""Seconds for which a refusal of the plain question counts."""


class OpenAIModel:
    """Implements `Model`. Use it from one event loop, with any number of concurrent calls; then `aclose`.

    `base_url` overrides the spec's if `ahe` itself serves the model, on a port that changes. `keyed` sends the
    request's role and key as headers, which scripted models need. `secrets` are removed from all that comes back;
    without them, those of the spec. `on_learned` is called when `habits` have grown. Raises UsageError if the spec has
    no address, or its key is not set or invalid.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        ledger: Ledger | None = None,
        keyed: bool = False,
        base_url: str | None = None,
        backoff: Backoff | None = None,
        secrets: Secrets | None = None,
    ) -> None:
        self.spec = spec
        self.fingerprint = fingerprint(spec)
        self._base_url = (base_url or spec.base_url).strip()
        if not self._base_url:
            raise UsageError(f"the model {spec.name!r} is served by ahe itself: open it with open_models")
        self._where = served_here(spec) or shown(self._base_url)
        self._key = _key(spec)
        self._secrets = secrets or Secrets.of([spec])
        self._ledger = ledger or Ledger()
        self._keyed = keyed
        self._backoff = backoff or Backoff()
        self.habits = wire.Habits()
        self.on_learned: Callable[[], None] = lambda: None
        self._plain = (-REMEMBERED, "")
        self._asking_plain = asyncio.Lock()
        self._reached = False
        self._client: AsyncOpenAI | None = None

    async def complete(self, request: Request) -> Reply:
        """One reply. Raises ModelUnavailable, ContextOverflow, BadRequest or BudgetExceeded.

        BadRequest only if the endpoint answers a plain question after it: else ModelUnavailable, because then its
        account, model or address is at fault, in whatever words it says so.
        """
        form = partial(wire.payload, self.spec, request)
        return (await self._complete(form, request.role, request.key))[0]

    async def forward(self, payload: dict[str, Any], key: str) -> tuple[Reply, dict[str, Any]]:
        """The reply to a payload that another agent made, and the body that it came in. Raises as `complete` does."""
        return await self._complete(partial(wire.foreign, self.spec, payload), "coder", key)

    async def pass_on(
        self, path: str, payload: dict[str, Any], headers: dict[str, str]
    ) -> tuple[Reply, bytes]:
        """As `forward` at another path of the endpoint: an empty reply with the usage, and the body as it came."""
        return await self._charged("coder", lambda: self._passed(path, payload, headers))

    def charge(self, role: Role, usage: Usage) -> Usage:
        """Count what was used against the budget; returns it with its price."""
        usage = usage.model_copy(update={"usd": cost(self.spec, usage) if usage.usd is None else usage.usd})
        self._ledger.charge(role, usage)
        return usage

    async def _complete(self, form: Form, role: Role, key: str) -> tuple[Reply, dict[str, Any]]:
        try:
            return await self._charged(role, lambda: self._adapting(form, role, key))
        except BadRequest as refused:
            if why := await self._refuses_all(role):
                words = "in the same words" if why == str(refused) else f"({why})"
                raise ModelUnavailable(
                    f"{refused}. A plain question is refused too {words}: look after the account, and the model's "
                    "name and address in ahe.toml"
                ) from refused
            raise

    async def _refuses_all(self, role: Role) -> str:
        """Why the endpoint now refuses a plain question; empty if it answers it."""
        refused = time.monotonic()
        async with self._asking_plain:
            asked, why = self._plain
            if asked < refused and not (why and refused < asked + REMEMBERED):
                asked, why = time.monotonic(), ""
                form = partial(wire.payload, self.spec, PLAIN)
                try:
                    await self._charged(role, lambda: self._adapting(form, role, PLAIN.key))
                except (AgentFault, ModelUnavailable) as error:
                    why = str(error)
                self._plain = asked, why
        return why

    async def _charged(self, role: Role, call: Callable[[], Awaitable[tuple[Reply, T]]]) -> tuple[Reply, T]:
        self._ledger.check()
        began = time.monotonic()
        reply, given = await retrying(call, self.spec.retries, self._backoff, f"the model at {self._where}")
        usage = self.charge(role, reply.usage)
        waited = max(0.0, time.monotonic() - began - reply.seconds)
        return reply.model_copy(update={"usage": usage, "waited": waited}), given

    async def aclose(self) -> None:
        """Closes the connections. The model can be used again afterwards."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _adapting(self, form: Form, role: Role, key: str) -> tuple[Reply, dict[str, Any]]:
        """The call, sent again in another form as long as the endpoint's refusals show one."""
        room, found = 0, wire.Habits()
        for _ in range(MOST_FORMS):
            sent = form(self.habits.joined(found), room)
            try:
                reply, answer = await self._call(sent, role, key)
            except Adapt as adapt:
                found = found.joined(adapt.habits)
                room, last = adapt.room or room, adapt.otherwise
                if form(self.habits.joined(found), room) == sent:
                    break
                continue
            # Later calls have the form that was answered at once. The reply names what it needed that was new.
            before, self.habits = self.habits, self.habits.joined(found)
            if self.habits == before:
                return reply, answer
            self.on_learned()
            return reply.model_copy(update={"learned": found.text()}), answer
        raise last

    async def _call(self, sent: dict[str, Any], role: Role, key: str) -> tuple[Reply, dict[str, Any]]:
        headers = {ROLE_HEADER: role, KEY_HEADER: key} if self._keyed else {}
        began = time.monotonic()
        try:
            raw = await self._post(sent, headers)
            try:
                answer = await asyncio.to_thread(self._parsed, raw)
            except body.MalformedBody as error:
                raise TransientFailure(self._secrets.hide(str(error))) from None
            except body.ErrorBody as error:
                said = self._secrets.hide(str(error))
                raise refusal(self.spec, self._where, error.status, said, {}, sent) from None
        except Unreadable:
            # The model's fault: an empty reply, about which the agent is told.
            answer = {"choices": [{"message": {}, "finish_reason": "malformed"}]}
        return reading.reply(answer, sent, time.monotonic() - began), answer

    async def _passed(
        self, path: str, payload: dict[str, Any], headers: dict[str, str]
    ) -> tuple[Reply, bytes]:
        from openai import Omit

        began = time.monotonic()
        own: dict[str, str | Omit] = {**headers, "x-api-key": self._key}
        if urlsplit(self._base_url).hostname == ANTHROPIC_HOST:
            own["Authorization"] = Omit()  # there it is for keys of another kind
        try:
            raw = await self._post(payload, own, path)
        except (Adapt, Unreadable) as refused:
            raise BadRequest(str(refused)) from None
        usage = reading.foreign_usage(raw, payload)
        seconds = time.monotonic() - began
        return Reply(message=Message(role="assistant"), usage=usage, seconds=seconds), raw

    def _parsed(self, raw: bytes) -> dict[str, Any]:
        answer = body.parse(raw)
        if raw.startswith(b"{"):
            return answer
        # A stream may have had a secret in parts.
        hidden = self._secrets.hide_in_reply(json.dumps(answer).encode())
        try:
            return cast("dict[str, Any]", loads(hidden))
        except ValueError:
            raise body.MalformedBody("the body without its keys is not JSON") from None

    async def _post(self, sent: dict[str, Any], headers: Mapping[str, str | Omit], path: str = CHAT) -> bytes:
        import httpx2
        from openai import RequestOptions

        client, options = self._opened(), RequestOptions(headers=headers)
        try:
            # The client's own timeout is per read: a body that arrives slowly would never exceed it.
            async with asyncio.timeout(self.spec.timeout_seconds):
                answer = await client.post(path, cast_to=httpx2.Response, body=sent, options=options)
                raw = await answer.aread()
            self._reached = True
            return await asyncio.to_thread(self._secrets.hide_in_reply, raw)
        except Exception as error:
            failed = error
        # Raised outside of the handler: the client's errors hold the endpoint's own words, which may be the key, and
        # must not be the context of an error whose traceback is written to a file.
        raise self._failure(failed, sent if path == CHAT else NO_MESSAGES, path)

    def _failure(self, error: Exception, sent: dict[str, Any], path: str) -> Exception:
        """What to raise for an error of the client; all texts are without secrets."""
        import openai

        hide = self._secrets.hide
        if isinstance(error, openai.APIStatusError):
            self._reached = True
            response, said = error.response, hide(error.response.text)
            if response.is_redirect:
                said = hide(f"a redirect to {shown(response.headers.get('location', ''))[:200]}")
            if path != CHAT and error.status_code in (404, 405):
                return ModelUnavailable(
                    f"{self._where} has no {path} (HTTP {error.status_code}), which this agent calls: use an endpoint "
                    "that has it, or an agent that speaks chat completions"
                )
            return refusal(self.spec, self._where, error.status_code, said, response.headers, sent)
        if isinstance(error, TimeoutError | openai.APITimeoutError):
            return TransientFailure(f"no answer within {self.spec.timeout_seconds:g} s")
        if isinstance(error, openai.APIConnectionError):
            if not self._reached and (never := unreachable(error, self._where)):
                return UsageError(hide(never))
            return TransientFailure(f"the connection failed ({hide(str(error.__cause__ or error))})")
        said = hide(f"{type(error).__name__}: {error}")
        if isinstance(error, openai.OpenAIError):
            return ModelUnavailable(f"the client refused to call {self._where}: {said}")
        return TransientFailure(f"the answer cannot be read ({said[:300]})")

    def _opened(self) -> AsyncOpenAI:
        if self._client is None:
            from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

            timeout = Timeout(self.spec.timeout_seconds, connect=CONNECT_SECONDS)
            # A proxy for the outside world must not be asked for a server on this machine.
            local = on_loopback(self._base_url)
            if not local and (missing := obstacle()):
                raise UsageError(self._secrets.hide(missing))
            try:
                http = DefaultAsyncHttpxClient(
                    trust_env=not local,
                    timeout=timeout,
                    follow_redirects=False,  # the conversation goes nowhere but to the configured address
                    headers={"Accept-Encoding": "identity"},
                    event_hooks={"response": [read_bounded]},
                )
            except (ImportError, OSError, ValueError) as error:
                said = self._secrets.hide(str(error))
                raise UsageError(
                    f"no connection to {self._where} can be made ({said}): correct the variables for proxies and "
                    "certificates (SSL_CERT_FILE)"
                ) from error
            self._client = AsyncOpenAI(
                api_key=self._key, base_url=self._base_url, timeout=timeout, max_retries=0, http_client=http
            )
        return self._client


def _key(spec: ModelSpec) -> str:
    """The key that the configuration names. No other variable of the environment is read."""
    if served_here(spec) or not spec.api_key_env:
        return "none"
    if not spec.api_key_env.isidentifier():
        # Not shown: it may be the key itself.
        raise UsageError(
            "`api_key_env` in ahe.toml is the name of an environment variable, not the key itself"
        )
    key = os.environ.get(spec.api_key_env, "").strip()
    if not key and not on_loopback(spec.base_url):
        raise UsageError(
            f"the environment variable {spec.api_key_env} holds no key for {shown(spec.base_url)}: set it, "
            "or correct `api_key_env` in ahe.toml (empty: the endpoint needs no key)"
        )
    if not (key.isascii() and key.isprintable()):
        raise UsageError(f"the key in {spec.api_key_env} has characters that no key has: copy it again")
    return key or "none"
