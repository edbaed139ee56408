"""The tools that a model is offered, and what a call of each gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from ahe.errors import HarnessError
from ahe.harness.load import Harness, SubAgent
from ahe.protocols import Executor
from ahe.records import ToolCall, ToolSpec
from ahe.runtime.hooks import Hooks
from ahe.runtime.meter import Meter
from ahe.runtime.trajectory import Trajectory

TOOL_SECONDS_OVER = 30.0

HostTool = Callable[[dict[str, Any]], Awaitable[str]]
"""A tool that the host itself serves. It raises `ValueError` to tell the agent what was wrong."""

AskSubAgent = Callable[[SubAgent, str, str], Awaitable[str]]
"""Runs a sub-agent on a question under a key; gives its answer."""


class Toolbox:
    """The tools of one harness, with `use_skill` and `ask_<name>`, executed in order with their hooks."""

    def __init__(
        self,
        harness: Harness,
        executor: Executor,
        host_tools: Mapping[str, HostTool],
        hooks: Hooks,
        meter: Meter,
        trajectory: Trajectory,
        ask: AskSubAgent,
    ) -> None:
        self.uses: Counter[str] = Counter()
        self._harness = harness
        self._executor = executor
        self._host_tools = host_tools
        self._hooks = hooks
        self._meter = meter
        self._trajectory = trajectory
        self._ask = ask

    async def execute(self, call: ToolCall, offered: Sequence[ToolSpec], key: str) -> str:
        """What a call gives, as the model will read it. Evolved code that fails is told to the model."""
        checked = await self._hooks.before_tool(call)
        if isinstance(checked, str):
            return checked
        call = checked
        if call.error:
            return f"error: {call.error}"
        if unknown(call, offered):
            return (
                f"error: there is no tool {call.name!r}; the tools are: {', '.join(t.name for t in offered)}"
            )
        try:
            result = await self._dispatch(call, key)
        except (ValueError, HarnessError) as error:
            result = f"error: {error}"
            self._trajectory.event("tool_failed", tool=call.name, error=str(error)[:2000])
        return self._cut(await self._hooks.after_tool(call, result))

    async def _dispatch(self, call: ToolCall, key: str) -> str:
        if call.name in self._host_tools:
            self.uses[f"tool_descriptions/{call.name}.yaml"] += 1
            return await self._host_tools[call.name](call.arguments)
        if call.name == "use_skill" and self._harness.skills:
            return self._skill(str(call.arguments.get("name", "")))
        for agent in self._harness.sub_agents:
            if call.name == f"ask_{agent.name}":
                self.uses[f"sub_agents/{agent.name}.md"] += 1
                return await self._ask(agent, str(call.arguments.get("question", "")), key)
        self.uses[f"tool_descriptions/{call.name}.yaml"] += 1
        self.uses[f"tools/{call.name}.py"] += 1
        longest = min(self._meter.limits.command_seconds * 2, self._meter.seconds_left)
        arguments = {"name": call.name, "arguments": call.arguments}
        return str(await self._executor.call("tool", arguments, longest + TOOL_SECONDS_OVER))

    def _skill(self, name: str) -> str:
        for skill in self._harness.skills:
            if skill.name == name:
                self.uses[f"skills/{name}/SKILL.md"] += 1
                return skill.body
        raise ValueError(
            f"there is no skill {name!r}; the skills are: {[s.name for s in self._harness.skills]}"
        )

    def _cut(self, result: str) -> str:
        """The result within the limit of output, its middle cut out, since the ends tell most."""
        limit = self._meter.limits.output_bytes
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
    return call.name not in {tool.name for tool in offered}


def _tool(name: str, description: str, argument: str, text: str) -> ToolSpec:
    properties = {argument: {"type": "string", "description": text}}
    schema = {"type": "object", "properties": properties, "required": [argument]}
    return ToolSpec(name=name, description=description, parameters=schema)
