"""The base class of records, and the records of model calls: requests, replies, usage, limits."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

Split = Literal["train", "heldout", "test"]
Role = Literal["coder", "debugger", "evolver"]
ToolCalls = Literal["auto", "native", "text"]


class Record(BaseModel):
    """Base of all records: frozen, and without unknown keys."""

    # Validators are built on first use: a command needs few of all records.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Sums(Record):
    """A record of amounts, added field by field. What is None in one of two is taken from the other."""

    def __add__(self, other: Self) -> Self:
        both = [(name, getattr(self, name), getattr(other, name)) for name in type(self).model_fields]
        return type(self)(**{name: a if b is None else b if a is None else a + b for name, a, b in both})


class Kind(StrEnum):
    """The seven kinds of component, in the order in which they are shown."""

    SYSTEM_PROMPT = "system_prompt"
    TOOL_DESCRIPTION = "tool_description"
    TOOL_IMPLEMENTATION = "tool_implementation"
    MIDDLEWARE = "middleware"
    SKILL = "skill"
    SUB_AGENT = "sub_agent"
    MEMORY = "memory"


class Usage(Sums):
    """What model calls used. `usd` is None if the price is unknown."""

    calls: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    usd: float | None = None

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens


Extra = Annotated[dict[str, Any], Field(exclude_if=lambda extra: not extra)]
"""Empty extras are not written: records and digests of earlier versions stay as they are."""


class ToolSpec(Record):
    """A tool as it is described to the model. `parameters` is a JSON Schema of type object."""

    name: str
    description: str
    parameters: dict[str, Any]


class ToolCall(Record):
    """A call that the model made. `error` says why it cannot be executed, for example malformed JSON."""

    id: str
    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    error: str | None = None
    extra: Extra = Field(default_factory=dict)


class Message(Record):
    """One message of a conversation, in the vocabulary of chat completions.

    `extra` holds what else an endpoint sent with a reply or a call, such as its own reasoning fields: it goes back
    with the conversation as it came (`models.wire`).
    """

    role: Literal["system", "user", "assistant", "tool"]
    content: str = ""
    reasoning: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    extra: Extra = Field(default_factory=dict)

    def numbered(self, earlier: Sequence[Message]) -> Message:
        """The message with a new id for each call whose id is empty or occurs before it in the conversation.

        An id of our own has nine letters and digits: some endpoints refuse any other form.
        """
        used = {call.id for message in earlier for call in message.tool_calls}
        calls = []
        for call in self.tool_calls:
            identity, number = call.id, len(used)
            while not identity or identity in used:
                identity, number = f"call{number:05d}", number + 1
            used.add(identity)
            calls.append(call if identity == call.id else call.model_copy(update={"id": identity}))
        return self.model_copy(update={"tool_calls": tuple(calls)})


class Request(Record):
    """One model call. `key` is `<task>/<attempt>/<turn>` for the coder; scripted models answer by role and key."""

    role: Role
    key: str
    messages: tuple[Message, ...]
    tools: tuple[ToolSpec, ...] = ()
    max_tokens: int = 2048
    seed: int | None = None
    response_schema: dict[str, Any] | None = None
    stop: tuple[str, ...] = ()


class Reply(Record):
    """The answer to a request. `finish` is the endpoint's finish_reason (`length`: cut at max_tokens).

    It took `seconds`, after `waited` seconds in failed attempts, rate limits and the endpoint's queue. `learned` says
    what form the endpoint was found to need with this call, if that is new.
    """

    message: Message
    usage: Usage
    finish: str = "stop"
    seconds: float = 0.0
    waited: float = 0.0
    learned: str = ""


class Pace(Record):
    """A model's nominal speed, in tokens per second read and written."""

    read: float
    write: float

    def seconds(self, read: int, written: int) -> float:
        """What reading and writing so many tokens takes at this speed."""
        return read / self.read + written / self.write


class ModelTime(Sums):
    """The time of a trial's model calls, in seconds.

    `seconds`: what the answers took by the wall clock; `work`: what they take at the model's nominal speed; `waited`:
    what was lost to rate limits, failed calls and the endpoint's queue.
    """

    seconds: float = 0.0
    work: float = 0.0
    waited: float = 0.0


class Limits(Record):
    """What one trial may spend. `tokens` counts input and output of all its calls; 0 turns, tokens or seconds mean no
    limit."""

    turns: int = 30
    tokens: int = 400_000
    seconds: float = 900.0
    reply_tokens: int = 4096
    command_seconds: float = 120.0
    output_bytes: int = 8_000


class ModelSpec(Record):
    """A model as it is configured. `models.identity.fingerprint` of it is part of every trial's identity.

    With `pace` an agent's time is counted by the work of the model, not by the clock (see `runtime.meter`).
    """

    name: str
    base_url: str = ""
    api_key_env: str = ""
    tool_calls: ToolCalls = "auto"
    context: int = 128_000
    temperature: float | None = None
    weights_sha256: str | None = None
    usd_per_million_input: float | None = None
    usd_per_million_output: float | None = None
    timeout_seconds: float = 600.0
    retries: int = 5
    pace: Pace | None = None
