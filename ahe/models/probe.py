"""What is found out about an endpoint: whether it supports tool calls, what it refuses, and which servers run here."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import ValidationError

from ahe.errors import BadRequest
from ahe.models.network import read_bounded
from ahe.models.retry import TransientFailure
from ahe.models.secrets import shown
from ahe.models.wire import Habits
from ahe.protocols import Model
from ahe.records import Message, ModelSpec, Reply, Request, ToolSpec

if TYPE_CHECKING:
    import httpx2

ASKED = 3
NEEDED = 2
MAX_TOKENS = 4096  # a model may think for long before its call
PORTS = {11434: "Ollama", 1234: "LM Studio", 8000: "vLLM", 8080: "llama.cpp"}
LOOK_SECONDS = 0.3

SYSTEM = "Use the tools you are given. Do not answer from memory."
QUESTION = "What is the temperature in Paris now? Call get_temperature."
WEATHER = ToolSpec(
    name="get_temperature",
    description="Tells the temperature in a city, in degrees Celsius.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string", "description": "Name of the city."}},
        "required": ["city"],
    },
)


async def probe_tool_calls(model: Model) -> tuple[Literal["native", "text"], str]:
    """Which `tool_calls` mode an endpoint needs, and why.

    Asks for one trivial tool call, up to three times: `native` if two well-formed ones come back.

    The model's spec must not say `text`, because then no tools are sent. Raises ModelUnavailable and BudgetExceeded;
    if the endpoint refuses the tools, the result is `text`.
    """
    messages = (Message(role="system", content=SYSTEM), Message(role="user", content=QUESTION))
    good, problem = 0, ""
    for attempt in range(ASKED):
        request = Request(
            role="coder",
            key=f"ahe-models-test/{attempt}/0",
            messages=messages,
            tools=(WEATHER,),
            max_tokens=MAX_TOKENS,
            seed=attempt,
        )
        try:
            found = _problem(await model.complete(request))
        except BadRequest as error:
            return "text", f'tool_calls = "text": {error}'
        good, problem = good + (not found), found or problem
        if good == NEEDED:
            return "native", f'tool_calls = "native": {good} of {attempt + 1} calls came well-formed'
        if attempt + 1 - good > ASKED - NEEDED:
            break
    return "text", f'tool_calls = "text": asked for a tool call, {problem}'


def _problem(reply: Reply) -> str:
    """What is wrong with a reply that should hold a call; empty if nothing is."""
    calls = reply.message.tool_calls
    if not calls:
        return f"the model answered in text: {reply.message.content[:120]!r}"
    call = calls[0]
    if call.error or call.name != WEATHER.name or not isinstance(call.arguments.get("city"), str):
        arguments = json.dumps(call.arguments)
        return f"the call was malformed: {call.name}({arguments}) {call.error or ''}".rstrip()
    return ""


# ---------------------------------------------------------------- what is known of an endpoint


class Facts(Protocol):
    """Where it is kept: the trial store."""

    def fact(self, name: str) -> object | None: ...
    def put_fact(self, name: str, value: object) -> None: ...


def settled_mode(facts: Facts, spec: ModelSpec) -> str | None:
    """The tool-call mode (`native` or `text`), as configured or as found earlier; None before the model was asked."""
    if spec.tool_calls != "auto":
        return spec.tool_calls
    settled = facts.fact(_name("tool_calls", spec))
    return str(settled) if settled else None


def put_mode(facts: Facts, spec: ModelSpec, mode: str) -> None:
    facts.put_fact(_name("tool_calls", spec), mode)


def known_habits(facts: Facts, spec: ModelSpec) -> Habits:
    """What an endpoint was found to refuse or to need; nothing before it was tested, or if that cannot be read."""
    try:
        return Habits.model_validate(facts.fact(_name("habits", spec)) or {})
    except ValidationError:
        return Habits()


def put_habits(facts: Facts, spec: ModelSpec, habits: Habits) -> None:
    facts.put_fact(_name("habits", spec), habits.model_dump(mode="json"))


def _name(kind: str, spec: ModelSpec) -> str:
    return f"{kind} {shown(spec.base_url)} {spec.name}"


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

    # These servers are on this machine: no proxy, no certificates. Anything may listen, so what comes is bounded.
    hooks = {"response": [read_bounded]}
    async with httpx2.AsyncClient(trust_env=False, verify=False, event_hooks=hooks) as client:
        found = await asyncio.gather(*(_look(client, port, kind) for port, kind in (ports or PORTS).items()))
    return [server for server in found if server is not None]


async def _look(client: httpx2.AsyncClient, port: int, kind: str) -> FoundServer | None:
    import httpx2

    try:
        # The client's own timeout is per read, this one is for the whole answer.
        async with asyncio.timeout(LOOK_SECONDS):
            answer = await client.get(f"http://127.0.0.1:{port}/v1/models")
        names = tuple(str(model["id"]) for model in json.loads(answer.raise_for_status().content)["data"])
    except (
        httpx2.HTTPError,
        TransientFailure,
        TimeoutError,
        ValueError,
        KeyError,
        TypeError,
        RecursionError,
    ):
        return None
    return FoundServer(kind, f"http://localhost:{port}/v1", names)
