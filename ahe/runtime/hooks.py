"""Middleware as the agent loop uses it: typed calls into the box, each firing in the trace, failures open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from ahe.errors import HarnessError
from ahe.protocols import Executor
from ahe.records import Message, Record, Reply, ToolCall
from ahe.runtime.meter import Meter
from ahe.runtime.trajectory import Trajectory

HOOK_SECONDS = 60.0
CHAIN_SECONDS = 120.0
LEAST_SECONDS = 1.0

T = TypeVar("T")
MESSAGES = TypeAdapter(tuple[Message, ...])
MESSAGE = TypeAdapter(Message)
CALL = TypeAdapter(ToolCall)


class Firing(Record):
    """What one middleware did at one hook. It failed where `error` is set, and changed the value elsewhere."""

    middleware: str
    hook: str
    before: Any = None
    after: Any = None
    error: str | None = None


class Fired(Record):
    """What the box answers: the value as it left the chain, and what each middleware did to it."""

    value: Any
    firings: tuple[Firing, ...]


class Hooks:
    """The middleware of one harness. Without any, nothing is asked of the box."""

    def __init__(
        self, executor: Executor, names: Sequence[str], meter: Meter, trajectory: Trajectory, instruction: str
    ) -> None:
        self.uses: Counter[str] = Counter()
        self._executor = executor
        self._names = names
        self._meter = meter
        self._trajectory = trajectory
        self._instruction = instruction

    async def on_start(self) -> None:
        await self._fire("on_start", None)

    async def before_model(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """The messages to send in this call; the conversation itself keeps its own."""
        if not self._names:
            return messages
        value = await self._fire("before_model", [message.model_dump() for message in messages])
        return self._typed(MESSAGES, "before_model", value, messages)

    async def after_model(self, reply: Reply) -> Reply:
        if not self._names:
            return reply
        value = await self._fire("after_model", reply.message.model_dump())
        message = self._typed(MESSAGE, "after_model", value, reply.message)
        return reply.model_copy(update={"message": message})

    async def before_tool(self, call: ToolCall) -> ToolCall | str:
        """The call to execute, or the message that stands in place of its result."""
        if not self._names:
            return call
        value = await self._fire("before_tool", call.model_dump())
        if isinstance(value, str):
            return value
        return self._typed(CALL, "before_tool", value, call)

    async def after_tool(self, call: ToolCall, result: str) -> str:
        if not self._names:
            return result
        value = await self._fire("after_tool", result, extra=call.model_dump())
        return value if isinstance(value, str) else result

    async def before_finish(self, answer: str) -> str | None:
        """A message that asks for another turn, or None."""
        if not self._names:
            return None
        value = await self._fire("before_finish", answer)
        return value if isinstance(value, str) and value != answer else None

    async def _fire(self, hook: str, value: Any, extra: Any = None) -> Any:
        if not self._names:
            return value
        context = {
            "instruction": self._instruction,
            "turn": self._meter.turns,
            "left": self._meter.left(),
        }
        seconds = min(HOOK_SECONDS, max(self._meter.seconds_left, LEAST_SECONDS))
        arguments = {"hook": hook, "context": context, "value": value, "seconds": seconds, "extra": extra}
        answer = await self._executor.call("hook", arguments, CHAIN_SECONDS)
        try:
            fired = Fired.model_validate(answer)
        except ValidationError:
            raise HarnessError(f"the harness box gave a wrong answer to the hook {hook}") from None
        for firing in fired.firings:
            if firing.error is None:
                self.uses[f"middleware/{firing.middleware}"] += 1
            name = "hook" if firing.error is None else "hook_failed"
            self._trajectory.event(name, **firing.model_dump(exclude_unset=True))
        return fired.value

    def _typed(self, form: TypeAdapter[T], hook: str, value: Any, original: T) -> T:
        """What the hook returned, if it has the right form; else the original, and the trace says so."""
        try:
            return form.validate_python(value)
        except ValidationError as error:
            self._trajectory.event("hook_failed", hook=hook, error=f"returned the wrong form: {error}"[:1000])
            return original
