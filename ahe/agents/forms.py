"""Forms for models too small to run as an agent: one call constrained by a JSON schema, refusals sent back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from ahe.agents.play import MakeExecutor
from ahe.harness.load import load
from ahe.protocols import Model
from ahe.records import Message, Record, Request, Role, Usage
from ahe.runtime.agent import RENDER_SECONDS

R = TypeVar("R", bound=Record)
Take = Callable[[str], Awaitable[Sequence[str]]]
"""Takes a filled form and returns the reasons to refuse it, none if it is accepted. May raise `ValueError` with one."""


@dataclass(frozen=True)
class Form:
    """A form with its prompt. Attempt n is the request `<key>/<n>` with the seed `first_seed + n`.

    A refused form is sent back up to `repairs` times; each refusal ends with the sentence `again`.
    """

    role: Role
    key: str
    system: str
    question: str
    schema: dict[str, Any]
    reply_tokens: int
    first_seed: int
    repairs: int
    again: str

    async def fill_in(self, model: Model, take: Take) -> Usage:
        """Ask until `take` accepts the form or no repair is left. Raises what the model and `take` raise.

        Only the last refusal is sent, so that the prompt does not grow.
        """
        opening = (
            Message(role="system", content=self.system),
            Message(role="user", content=self.question),
        )
        messages: tuple[Message, ...] = opening
        usage = Usage()
        for attempt in range(self.repairs + 1):
            request = Request(
                role=self.role,
                key=f"{self.key}/{attempt}",
                messages=messages,
                max_tokens=self.reply_tokens,
                seed=self.first_seed + attempt,
                response_schema=self.schema,
            )
            reply = await model.complete(request)
            usage += reply.usage
            reasons = await _reasons(take, reply.message.content)
            if not reasons:
                break
            told = "\n".join(["Refused:", *(f"- {reason}" for reason in reasons), self.again])
            messages = (*opening, reply.message, Message(role="user", content=told))
        return usage


async def _reasons(take: Take, content: str) -> Sequence[str]:
    try:
        return await take(content)
    except ValidationError:
        return ("the reply does not fill in the form; write less",)
    except ValueError as error:
        return (str(error),)


def parsed(record: type[R], arguments: dict[str, Any], name: str, most: int | None = None) -> R:
    """The record in a tool call's arguments. Raises `ValueError` that lists the first `most` errors (None: all)."""
    try:
        return record.model_validate(arguments)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise ValueError(f"the {name} is not complete: " + "; ".join(lines[:most])) from None


def object_schema(properties: dict[str, Any]) -> dict[str, Any]:
    """The JSON schema of an object with exactly these properties, in this order."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


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
