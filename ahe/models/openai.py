"""The one client: any OpenAI-compatible endpoint, through the `openai` package."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from ahe.errors import ModelUnavailable, UsageError
from ahe.models import reading, wire
from ahe.models.identity import fingerprint, on_loopback, served_here
from ahe.models.ledger import Ledger, cost
from ahe.models.refusals import Adapt, Unreadable, refusal
from ahe.models.retry import Backoff, TransientFailure, retrying
from ahe.records import Message, ModelSpec, Reply, Request, Usage

if TYPE_CHECKING:
    from openai import AsyncOpenAI

ROLE_HEADER, KEY_HEADER = "X-Ahe-Role", "X-Ahe-Key"
CONNECT_SECONDS = 10.0
MOST_FORMS = 12


class OpenAIModel:
    """Implements `Model`. Use it from one event loop, with any number of concurrent calls; then `aclose`.

    `base_url` overrides the spec's if `ahe` itself serves the model, on a port that changes. `keyed` sends the
    request's role and key as headers, which scripted models need. Raises UsageError if the spec has no address, or
    the environment variable of its key is not set.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        ledger: Ledger | None = None,
        keyed: bool = False,
        base_url: str | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self.spec = spec
        self.fingerprint = fingerprint(spec)
        self._base_url = base_url or spec.base_url
        if not self._base_url:
            raise UsageError(f"the model {spec.name!r} is served by ahe itself: open it with open_models")
        self._where = served_here(spec) or self._base_url
        self._key = _key(spec)
        self._ledger = ledger
        self._keyed = keyed
        self._backoff = backoff or Backoff()
        self.habits = wire.Habits()
        self._client: AsyncOpenAI | None = None

    async def complete(self, request: Request) -> Reply:
        """One reply. Raises ModelUnavailable, ContextOverflow, BadRequest or BudgetExceeded."""
        if self._ledger is not None:
            self._ledger.check()
        reply = await retrying(
            lambda: self._adapting(request), self.spec.retries, self._backoff, f"the model at {self._where}"
        )
        usage = reply.usage.model_copy(update={"usd": cost(self.spec, reply.usage)})
        if self._ledger is not None:
            self._ledger.charge(request.role, usage)
        return reply.model_copy(update={"usage": usage})

    async def aclose(self) -> None:
        """Closes the connections. The model can be used again afterwards."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _adapting(self, request: Request) -> Reply:
        """The call, sent again in another form as long as the endpoint's refusals show one."""
        room = 0
        for _ in range(MOST_FORMS):
            sent = wire.payload(self.spec, request, self.habits, room)
            try:
                return await self._call(request, sent)
            except Adapt as found:
                # Remembered, so that later calls have this form at once.
                self.habits = self.habits.joined(found.habits)
                room, last = found.room or room, found.otherwise
                if wire.payload(self.spec, request, self.habits, room) == sent:
                    break
        raise last

    async def _call(self, request: Request, sent: dict[str, Any]) -> Reply:
        headers = {ROLE_HEADER: request.role, KEY_HEADER: request.key} if self._keyed else {}
        try:
            raw = await self._post(sent, headers)
            try:
                body = reading.parse(raw)
            except reading.MalformedBody as error:
                raise TransientFailure(str(error)) from error
            except reading.ErrorBody as error:
                raise refusal(self.spec, self._where, error.status, str(error), {}, sent) from error
        except Unreadable:
            # The model's fault: an empty reply, about which the agent is told.
            usage = Usage(calls=1, input_tokens=reading.estimate(sent))
            return Reply(message=Message(role="assistant"), usage=usage, finish="malformed")
        return reading.reply(body, sent)

    async def _post(self, sent: dict[str, Any], headers: dict[str, str]) -> bytes:
        import openai

        create: Any = self._opened().chat.completions.with_raw_response.create
        try:
            # The client's own timeout is per read: a body that arrives slowly would never exceed it.
            async with asyncio.timeout(self.spec.timeout_seconds):
                answer = await create(**sent, extra_headers=headers)
                content: bytes = await answer.http_response.aread()
        except openai.APIStatusError as error:
            response = error.response
            raise refusal(
                self.spec, self._where, error.status_code, response.text, response.headers, sent
            ) from error
        except (TimeoutError, openai.APITimeoutError) as error:
            raise TransientFailure(f"no answer within {self.spec.timeout_seconds:g} s") from error
        except openai.APIConnectionError as error:
            raise TransientFailure(f"the connection failed ({error.__cause__ or error})") from error
        except openai.OpenAIError as error:
            raise ModelUnavailable(f"the client refused to call {self._where}: {error}") from error
        return content

    def _opened(self) -> AsyncOpenAI:
        if self._client is None:
            from openai import AsyncOpenAI, DefaultAsyncHttpxClient, Timeout

            timeout = Timeout(self.spec.timeout_seconds, connect=CONNECT_SECONDS)
            # A proxy for the outside world must not be asked for a server on this machine.
            local = on_loopback(self._base_url)
            self._client = AsyncOpenAI(
                api_key=self._key,
                base_url=self._base_url,
                timeout=timeout,
                max_retries=0,
                http_client=DefaultAsyncHttpxClient(trust_env=False) if local else None,
            )
        return self._client


def _key(spec: ModelSpec) -> str:
    """The key that the configuration names. No other variable of the environment is read."""
    if served_here(spec) or not spec.api_key_env:
        return "none"
    key = os.environ.get(spec.api_key_env, "")
    if not key and not on_loopback(spec.base_url):
        raise UsageError(
            f"the environment variable {spec.api_key_env} holds no key for {spec.base_url}: set it, "
            "or correct `api_key_env` in ahe.toml (empty: the endpoint needs no key)"
        )
    return key or "none"
