"""Where somebody hands in a record, is checked and is asked again: an agent by a tool, a small model by a form."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from ahe.agents.play import MakeExecutor, started
from ahe.harness.load import load
from ahe.protocols import Environment, MakeEnvironment, Model
from ahe.records import EnvironmentSpec, Message, Record, Request
from ahe.runtime.agent import RENDER_SECONDS

R = TypeVar("R", bound=Record)
MOST_FAULTS = 8
"""Most faults that an agent is told of an incomplete record."""


class Refused(ValueError):
    """What was handed in did not pass the checks. `reasons` go back to who made it."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass
class HandIn(Generic[R]):
    """A tool by which an agent hands in records until `wanted` are accepted, or more than `repairs` were refused.

    `take` gets a complete record and returns what to tell the agent. It raises `ValueError`, such as `Refused`, to have
    the record made again.
    """

    record: type[R]
    take: Callable[[R], Awaitable[str]]
    repairs: int
    wanted: int = 1
    accepted: int = 0
    refused: int = 0

    def closed(self) -> bool:
        """Whether nothing more is wanted."""
        return self.accepted >= self.wanted or self.refused > self.repairs

    async def __call__(self, arguments: dict[str, Any]) -> str:
        try:
            told = await self.take(self.record.model_validate(arguments))
        except ValidationError as error:
            faults = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
            reasons: Sequence[str] = faults[:MOST_FAULTS]
        except ValueError as error:
            reasons = _reasons(error)
        else:
            self.accepted += 1
            return told
        self.refused += 1
        return "\n- ".join(["refused; fix this and hand in all of it again:", *reasons])


async def fill_in(
    model: Model,
    form: Request,
    record: type[R],
    take: Callable[[R], Awaitable[object]],
    *,
    repairs: int,
    again: str,
    context: object = None,
) -> None:
    """Let the model fill in a form until `take` accepts the record, or more than `repairs` were refused.

    Attempt n has the key `<key>/<n>` and the seed `seed + n`. Only the last refusal is sent back, with the sentence
    `again` at its end, so that the prompt does not grow. `context` is for the record's validators. Raises what the
    model raises.
    """
    messages = form.messages
    for attempt in range(repairs + 1):
        seed = (form.seed or 0) + attempt
        request = {"key": f"{form.key}/{attempt}", "seed": seed, "messages": messages}
        reply = await model.complete(form.model_copy(update=request))
        try:
            await take(record.model_validate_json(reply.message.content, context=context))
            return
        except ValueError as error:
            told = "\n".join(["Refused:", *(f"- {reason}" for reason in _reasons(error)), again])
            messages = (*form.messages, reply.message, Message(role="user", content=told))


def _reasons(error: ValueError) -> Sequence[str]:
    """Why something was refused; of a form that is not valid, only what a validator says in its own words."""
    if isinstance(error, Refused):
        return error.reasons
    if not isinstance(error, ValidationError):
        return [str(error)]
    own = [str(each["ctx"]["error"]) for each in error.errors() if each["type"] == "value_error"]
    return own or ["the reply does not fill in the form; write less"]


@asynccontextmanager
async def same_every_run(
    make_environment: MakeEnvironment, spec: EnvironmentSpec, scratch: Path
) -> AsyncIterator[Environment]:
    """The environment of the spec, started; what it shows at first has the same time in every run.

    Replies are kept by request: if a listing differed, a resumed run would pay again for all that follow it. For the
    same reason the limits of an agent in it should contain no seconds.
    """
    for mount in spec.mounts:
        for place, _, files in os.walk(mount.host, topdown=False):
            for name in (*files, "."):
                os.utime(Path(place, name), (0, 0), follow_symlinks=False)
    async with started(make_environment(spec, scratch)) as environment:
        await environment.exec(f"touch -d @0 / {spec.workdir}")
        yield environment


def object_schema(properties: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of an object with exactly these properties, in this order."""
    required = list(properties)
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


async def rendered_prompt(root: Path, make_executor: MakeExecutor, values: Mapping[str, object]) -> str:
    """The system prompt of the harness in `root`, rendered in its box for a call without tools.

    Raises `HarnessError`.
    """
    harness, executor = load(root), make_executor()
    given = {"memory": harness.memory, "skills": [], "sub_agents": [], "tools": [], "workdir": "", **values}
    try:
        await executor.start(root, NoHost())
        arguments = {"template": harness.system_prompt, "values": given}
        return str(await executor.call("render", arguments, RENDER_SECONDS))
    finally:
        await executor.stop()


class NoHost:
    """Refuses all requests of the box: a template needs no environment and no model."""

    async def serve(self, what: str, arguments: dict[str, Any]) -> Any:
        raise ValueError("nothing can be asked for here")
