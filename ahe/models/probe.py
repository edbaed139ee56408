"""Finds out whether an endpoint supports tool calls, and which servers already run on this machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ahe.errors import BadRequest
from ahe.protocols import Model
from ahe.records import Message, Reply, Request, ToolSpec

if TYPE_CHECKING:
    import httpx2

ASKED = 3
NEEDED = 2
MAX_TOKENS = 4096  # a model may think for long before its call
PORTS = {11434: "Ollama", 1234: "LM Studio", 8000: "vLLM", 8080: "llama.cpp"}
LOOK_SECONDS = 0.3
MAX_LIST = 1024 * 1024
PLAIN = {"Accept-Encoding": "identity"}  # what is compressed may unpack to any size

WEATHER = ToolSpec(
    name="get_temperature",
    description="Tells the temperature in a city, in degrees Celsius.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string", "description": "Name of the city."}},
        "required": ["city"],
    },
)


@dataclass(frozen=True)
class ToolCallProbe:
    """Which `tool_calls` mode an endpoint needs, and why."""

    mode: Literal["native", "text"]
    explanation: str


async def probe_tool_calls(model: Model) -> ToolCallProbe:
    """Asks for one trivial tool call, up to three times: `native` if two well-formed ones come back.

    The model's spec must not say `text`, because then no tools are sent. Raises ModelUnavailable and BudgetExceeded;
    if the endpoint refuses the tools, the result is `text`.
    """
    good, problems = 0, []
    for attempt in range(ASKED):
        try:
            problem = _problem(await model.complete(_request(attempt)))
        except BadRequest as error:
            return ToolCallProbe("text", f'tool_calls = "text": {error}')
        if problem is None:
            good += 1
        else:
            problems.append(problem)
        if good == NEEDED:
            return ToolCallProbe(
                "native", f'tool_calls = "native": {good} of {attempt + 1} calls came well-formed'
            )
        if len(problems) > ASKED - NEEDED:
            break
    return ToolCallProbe("text", f'tool_calls = "text": asked for a tool call, {problems[-1]}')


def _request(attempt: int) -> Request:
    return Request(
        role="coder",
        key=f"ahe-models-test/{attempt}/0",
        messages=(
            Message(role="system", content="Use the tools you are given. Do not answer from memory."),
            Message(role="user", content="What is the temperature in Paris now? Call get_temperature."),
        ),
        tools=(WEATHER,),
        max_tokens=MAX_TOKENS,
        seed=attempt,
    )


def _problem(reply: Reply) -> str | None:
    calls = reply.message.tool_calls
    if not calls:
        return f"the model answered in text: {reply.message.content[:120]!r}"
    call = calls[0]
    if call.error or call.name != WEATHER.name or not isinstance(call.arguments.get("city"), str):
        return (
            f"the call was malformed: {call.name}({json.dumps(call.arguments)}) {call.error or ''}".rstrip()
        )
    return None


# ---------------------------------------------------------------- servers on this machine


@dataclass(frozen=True)
class FoundServer:
    """A server that answered: what usually listens there, its base URL, and the models it lists."""

    kind: str
    base_url: str
    models: tuple[str, ...]


async def find_local_servers(ports: dict[int, str] | None = None) -> list[FoundServer]:
    """OpenAI-compatible servers on the usual loopback ports, asked at the same time, with a timeout of 0.3 s."""
    import httpx2

    # These servers are on this machine: no proxy, no certificates.
    async with httpx2.AsyncClient(trust_env=False, verify=False) as client:
        found = await asyncio.gather(*(_look(client, port, kind) for port, kind in (ports or PORTS).items()))
    return [server for server in found if server is not None]


async def _look(client: httpx2.AsyncClient, port: int, kind: str) -> FoundServer | None:
    import httpx2

    try:
        # The client's own timeout is per read, this one is for the whole answer.
        async with asyncio.timeout(LOOK_SECONDS):
            async with client.stream("GET", f"http://127.0.0.1:{port}/v1/models", headers=PLAIN) as answer:
                answer.raise_for_status()
                body = await _read(answer.aiter_raw())
        names = tuple(str(model["id"]) for model in json.loads(body)["data"])
    except (httpx2.HTTPError, TimeoutError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return FoundServer(kind, f"http://localhost:{port}/v1", names)


async def _read(chunks: AsyncIterator[bytes]) -> bytes:
    """All of an answer. Raises `ValueError` beyond `MAX_LIST` bytes: anything may listen on these ports."""
    body = b""
    async for chunk in chunks:
        body += chunk
        if len(body) > MAX_LIST:
            raise ValueError(f"more than {MAX_LIST} bytes")
    return body
