"""The tools that a model is offered, how their calls are executed, and the middleware around calls and replies."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from ahe.errors import HarnessError
from ahe.harness.load import Harness, SubAgent
from ahe.protocols import Executor
from ahe.records import Message, Record, Reply, ToolCall, ToolSpec
from ahe.runtime.meter import Meter
from ahe.runtime.trajectory import Trajectory

TOOL_SECONDS_OVER = 30.0
HOOK_SECONDS = 60.0
CHAIN_SECONDS = 120.0
LEAST_SECONDS = 1.0
MAX_CALLS = 64
"""Tool calls of one reply that are executed."""
MAX_CHANGE = 300_000
"""Characters of a reply, call or message that a hook gives, as JSON, unless the original was longer."""

T = TypeVar("T")
MESSAGES = TypeAdapter(tuple[Message, ...])
MESSAGE = TypeAdapter(Message)
CALL: TypeAdapter[ToolCall | str] = TypeAdapter(ToolCall | str)
TEXT = TypeAdapter(str)

HostTool = Callable[[dict[str, Any]], Awaitable[str]]
"""A tool that the host itself serves. The text of a `ValueError` that it raises is shown to the agent."""

AskSubAgent = Callable[[SubAgent, str, str], Awaitable[str]]
"""Puts a question to a sub-agent, with the key of the call; returns its answer."""


class Firing(Record):
    """What one middleware did at one hook: it failed if `error` is set, else it changed the value."""

    middleware: str
    hook: str
    before: Any = None
    after: Any = None
    error: str | None = None


class HookResult(Record):
    """The box's answer to a hook: the value after the whole chain, and what each middleware did to it."""

    value: Any
    firings: tuple[Firing, ...]


@dataclass
class Hooks:
    """Calls the hooks of a harness's middleware in the box; what each does is recorded in the trace.

    `names` are the middleware's files; without any, the box is never asked. A hook that raises or returns the wrong
    type changes nothing.
    """

    executor: Executor
    names: Sequence[str]
    meter: Meter
    trajectory: Trajectory
    instruction: str
    uses: Counter[str] = field(default_factory=Counter)

    async def on_start(self) -> None:
        if self.names:
            await self._fire("on_start", None)

    async def before_model(self, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """The messages to send in this call; the conversation itself is not changed."""
        changed = await self._changed(MESSAGES, "before_model", messages)
        return tuple(_without_new_extras(message, messages) for message in changed)

    async def after_model(self, reply: Reply) -> Reply:
        message = await self._changed(MESSAGE, "after_model", reply.message)
        return reply.model_copy(update={"message": _without_new_extras(message, (reply.message,))})

    async def before_tool(self, call: ToolCall) -> ToolCall | str:
        """The call to execute, or a text that replaces its result."""
        return await self._changed(CALL, "before_tool", call)

    async def after_tool(self, call: ToolCall, result: str) -> str:
        return await self._changed(TEXT, "after_tool", result, extra=call.model_dump())

    async def before_finish(self, answer: str) -> str | None:
        """A message that makes the agent take another turn, or None."""
        message = await self._changed(TEXT, "before_finish", answer)
        return message if message != answer else None

    async def _changed(self, form: TypeAdapter[T], hook: str, original: T, extra: Any = None) -> T:
        """The value as the hook changed it; unchanged, with an event in the trace, if that has the wrong type."""
        if not self.names:
            return original
        given = form.dump_python(original)
        value = await self._fire(hook, given, extra)
        if value == given:
            return original
        try:
            changed = form.validate_python(value)
            most = max(MAX_CHANGE, len(form.dump_json(original)))
            if hook != "before_model" and len(form.dump_json(changed)) > most:
                raise ValueError(f"more than {MAX_CHANGE} characters")
            return changed
        except ValueError as error:
            self.trajectory.event("hook_failed", hook=hook, error=f"returned the wrong form: {error}"[:1000])
            return original

    async def _fire(self, hook: str, value: Any, extra: Any = None) -> Any:
        context = {"instruction": self.instruction, "turn": self.meter.turns, "left": self.meter.left()}
        left = max(self.meter.seconds_left, LEAST_SECONDS)
        seconds = min(HOOK_SECONDS, left)
        arguments = {"hook": hook, "context": context, "value": value, "seconds": seconds, "extra": extra}
        answer = await self.executor.call("hook", arguments, min(CHAIN_SECONDS, left), seconds)
        try:
            result = HookResult.model_validate(answer)
        except ValidationError:
            raise HarnessError(f"the harness box gave a wrong answer to the hook {hook}") from None
        for firing in result.firings[: len(self.names)]:
            if firing.error is None and firing.middleware in self.names:
                self.uses[f"middleware/{firing.middleware}"] += 1
            name = "hook" if firing.error is None else "hook_failed"
            self.trajectory.event(name, **firing.model_dump(exclude_unset=True))
        return result.value


@dataclass
class Toolbox:
    """The tools of one harness, with `use_skill` and `ask_<name>`, executed in order with their hooks."""

    harness: Harness
    hooks: Hooks
    host_tools: Mapping[str, HostTool]
    ask: AskSubAgent

    async def execute_all(
        self, calls: Sequence[ToolCall], offered: Sequence[ToolSpec], key: str
    ) -> list[str]:
        """The results of a reply's calls, one after the other, as the model will read them."""
        results: list[str] = []
        for call in calls:
            if self.hooks.meter.seconds_left <= 0:
                results.append("error: not executed, the time is over")
            elif len(results) >= MAX_CALLS:
                results.append(f"error: not executed, a reply has {MAX_CALLS} calls at most")
            else:
                results.append(self._cut(await self._execute(call, offered, key)))
        return results

    async def _execute(self, call: ToolCall, offered: Sequence[ToolSpec], key: str) -> str:
        """A call's result; failures of evolved code are results too."""
        checked = await self.hooks.before_tool(call)
        if isinstance(checked, str):
            return checked
        call = checked
        if call.error:
            return f"error: {call.error}"
        if unknown(call, offered):
            names = ", ".join(tool.name for tool in offered)
            return f"error: there is no tool {call.name[:100]!r}; the tools are: {names}"
        try:
            result = await self._dispatch(call, key)
        except (ValueError, HarnessError) as error:
            result = f"error: {error}"
            self.hooks.trajectory.event("tool_failed", tool=call.name, error=str(error)[:2000])
        return await self.hooks.after_tool(call, result)

    async def _dispatch(self, call: ToolCall, key: str) -> str:
        if call.name in self.host_tools:
            self.hooks.uses[f"tool_descriptions/{call.name}.yaml"] += 1
            return await self.host_tools[call.name](call.arguments)
        if call.name == "use_skill" and self.harness.skills:
            name = str(call.arguments.get("name", ""))
            bodies = {skill.name: skill.body for skill in self.harness.skills}
            if name not in bodies:
                raise ValueError(f"there is no skill {name!r}; the skills are: {list(bodies)}")
            self.hooks.uses[f"skills/{name}/SKILL.md"] += 1
            return bodies[name]
        for agent in self.harness.sub_agents:
            if call.name == f"ask_{agent.name}":
                self.hooks.uses[f"sub_agents/{agent.name}.md"] += 1
                return await self.ask(agent, str(call.arguments.get("question", "")), key)
        self.hooks.uses[f"tool_descriptions/{call.name}.yaml"] += 1
        self.hooks.uses[f"tools/{call.name}.py"] += 1
        longest = min(self.hooks.meter.limits.command_seconds * 2, self.hooks.meter.seconds_left)
        arguments = {"name": call.name, "arguments": call.arguments}
        return str(await self.hooks.executor.call("tool", arguments, longest + TOOL_SECONDS_OVER))

    def _cut(self, result: str) -> str:
        """The result with its middle cut out if it is too long: its two ends say most."""
        limit = self.hooks.meter.limits.output_bytes
        if len(result) <= limit + 200:
            return result
        half = limit // 2
        return f"{result[:half]}\n[… {len(result) - 2 * half} characters omitted …]\n{result[-half:]}"


def offered_tools(harness: Harness) -> tuple[ToolSpec, ...]:
    """The harness's tools, `use_skill` where it has skills, and `ask_<name>` for each sub-agent."""
    offered = list(harness.tools)
    if harness.skills:
        names = ", ".join(skill.name for skill in harness.skills)
        offered.append(_tool("use_skill", "Read a skill before you need it.", "name", f"One of: {names}"))
    for sub in harness.sub_agents:
        offered.append(_tool(f"ask_{sub.name}", sub.description, "question", "What to do or to find out"))
    return tuple(offered)


def unknown(call: ToolCall, offered: Sequence[ToolSpec]) -> bool:
    """Whether a call names a tool that was not offered."""
    return call.name not in {tool.name for tool in offered}


def _tool(name: str, description: str, argument: str, text: str) -> ToolSpec:
    properties = {argument: {"type": "string", "description": text}}
    schema = {"type": "object", "properties": properties, "required": [argument]}
    return ToolSpec(name=name, description=description, parameters=schema)


def _without_new_extras(message: Message, originals: Sequence[Message]) -> Message:
    """A hook's message without extras that no endpoint sent: an address in them would be a way out of the sandbox."""
    known = [each.extra for each in originals]
    known += [call.extra for each in originals for call in each.tool_calls]

    none: dict[str, Any] = {}
    calls = tuple(
        call if call.extra in known else call.model_copy(update={"extra": none})
        for call in message.tool_calls
    )
    extra = message.extra if message.extra in known else none
    return message.model_copy(update={"tool_calls": calls, "extra": extra})
