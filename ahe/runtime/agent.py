"""The agent loop. It runs on the host, so that evolved code can change neither the limits nor the trace."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import Field

from ahe.errors import AgentFault, BadRequest, ContextOverflow, HarnessError
from ahe.harness.load import Harness, Skill, SubAgent
from ahe.protocols import Environment, Executor, Model
from ahe.records import Ended, Limits, Message, ModelTime, Record, Reply, Request, Role, ToolSpec, Usage
from ahe.runtime import text_protocol
from ahe.runtime.host import TrialHost
from ahe.runtime.meter import Meter
from ahe.runtime.toolbox import Hooks, HostTool, Toolbox, offered_tools, unknown
from ahe.runtime.trajectory import Steps, Trajectory

RUNTIME_VERSION = 2
"""Part of every trial's identity: raise it with every change that can change what a trial does."""

MAX_MALFORMED = 5
MAX_FINISH_HOOKS = 3
MAX_CAUSE = 4_000
MAX_PROMPT = 1_000_000
"""Characters of a rendered prompt."""
RENDER_SECONDS, LEAST_RENDER_SECONDS = 60.0, 10.0
CUT = "Your reply was cut at the length limit. Write shorter replies."
SILENT = "Your reply was empty or could not be read. Use a tool, or, if the task is done, say so in words."


class AgentOutcome(Record):
    """How the agent loop ended, and what it cost. `uses` counts the uses of each component, by mount path. `passed` is
    the agent's own verdict, where a program of one's own gives one."""

    ended: Ended
    answer: str = ""
    cause: str = ""
    turns: int = 0
    usage: Usage = Usage()
    side_usage: Usage = Usage()
    model_time: ModelTime = ModelTime()
    uses: dict[str, int] = Field(default_factory=dict)
    passed: bool | None = None


@dataclass
class Agent:
    """One agent with one instruction. `mode` is `native` or `text`; `key` is `<task>/<attempt>`.

    `values` are further variables of the system prompt's template. `host_tools` are tools that the harness
    describes and the host serves, such as the evolver's commit. `done` is called after each turn with tools; True
    ends the loop.
    """

    harness: Harness
    executor: Executor
    environment: Environment
    model: Model
    mode: str
    limits: Limits
    trajectory: Trajectory
    role: Role
    key: str
    seed: int | None = None
    workdir: str = "/"
    values: Mapping[str, object] = field(default_factory=dict)
    host_tools: Mapping[str, HostTool] = field(default_factory=dict)
    done: Callable[[], bool] = lambda: False

    async def run(self, instruction: str) -> AgentOutcome:
        """Work on the instruction until the agent answers or reaches a limit.

        Raises `Infrastructure` and `BudgetExceeded`; every failure of the agent itself gives an `AgentOutcome`.
        """
        self._meter = meter = Meter(self.limits, self.model.spec.pace)
        self._hooks = Hooks(self.executor, self.harness.middleware, meter, self.trajectory, instruction)
        self._toolbox = Toolbox(self.harness, self._hooks, self.host_tools, self._ask)
        self._host = TrialHost(self.environment, self.model, meter, self.trajectory, self.role, self.key)
        ended: Ended
        answer = cause = ""
        try:
            await self.executor.start(Path(self.harness.root), self._host)
            meter.begin()
            await self._hooks.on_start()
            system = await self._system(self.harness.system_prompt)
            offered = offered_tools(self.harness)
            ended, answer = await self._converse(system, instruction, offered, self.key, self.trajectory)
        except (HarnessError, AgentFault) as error:
            faults: dict[type[Exception], Ended] = {ContextOverflow: "context", BadRequest: "bad_request"}
            ended, cause = faults.get(type(error), "crashed"), str(error)[:MAX_CAUSE]
        finally:
            await self.executor.stop()
        if self._host.fatal is not None and not isinstance(self._host.fatal, AgentFault):
            raise self._host.fatal
        self.trajectory.event("ended", ended=ended, cause=cause)
        return self._outcome(ended, answer, cause)

    def _outcome(self, ended: Ended, answer: str, cause: str) -> AgentOutcome:
        uses = {
            **self._hooks.uses,
            "system_prompt.md": 1,
            **({"memory.md": 1} if self.harness.memory else {}),
        }
        return AgentOutcome(
            ended=ended,
            answer=answer,
            cause=cause,
            turns=self._meter.turns,
            usage=self._meter.usage,
            side_usage=self._meter.side_usage,
            model_time=self._meter.model_time,
            uses=uses,
        )

    async def _converse(
        self, system: str, opening: str, offered: Sequence[ToolSpec], key: str, trace: Steps, turns: int = 0
    ) -> tuple[Ended, str]:
        """One conversation: how it ended, and the answer. It is a sub-agent's if `turns` (its limit) is not 0."""
        if self.mode == "text" and offered:
            system = f"{system}\n\n{text_protocol.instructions(offered)}"
        messages = [Message(role="system", content=system), Message(role="user", content=opening)]
        for message in messages:
            trace.prompt(message.role, message.content)
        malformed = finish_hooks = turn = known = 0
        while True:
            ended = self._meter.exceeded() or ("turns" if turns and turn >= turns else None)
            if ended:
                return ended, ""
            reply = await self._reply(tuple(messages), offered, f"{key}/{turn}", known, hooks=not turns)
            if reply is None:
                return "seconds", ""
            reply = reply.model_copy(update={"message": reply.message.numbered(messages)})
            known = reply.usage.tokens
            messages.append(reply.message)
            calls = reply.message.tool_calls
            silent = not calls and not reply.message.content.strip()
            if calls:
                given = await self._toolbox.execute_all(calls, offered, f"{key}/{turn}")
                results = [(call.id, text) for call, text in zip(calls, given, strict=True)]
                if self._host.fatal is not None:
                    raise self._host.fatal
                cut = f"\n{CUT}" if reply.finish == "length" and calls[-1].error else ""
                results[-1] = (results[-1][0], f"{results[-1][1]}{cut}\n{self._meter.notice()}".rstrip())
                messages += [Message(role="tool", tool_call_id=i, content=text) for i, text in results]
                trace.reply(reply.message, reply.usage, results)
                bad = all(call.error is not None or unknown(call, offered) for call in calls)
                malformed = malformed + 1 if bad else 0
                if malformed >= MAX_MALFORMED:
                    return "malformed", ""
                if self.done():
                    return "answered", reply.message.content
            else:
                trace.reply(reply.message, reply.usage, ())
                more = CUT if reply.finish == "length" else SILENT if silent else None
                malformed = malformed + 1 if silent else 0
                if malformed >= MAX_MALFORMED:
                    return "malformed", ""
                if more is None and self.mode == "text" and offered and len(messages) == 3:
                    more = text_protocol.NO_BLOCK
                if more is None and not turns and finish_hooks < MAX_FINISH_HOOKS:
                    more = await self._hooks.before_finish(reply.message.content)
                    finish_hooks += 1
                if more is None:
                    return "answered", reply.message.content
                messages.append(Message(role="user", content=more))
                trace.prompt("user", more)
            turn += 1

    async def _reply(
        self, messages: tuple[Message, ...], offered: Sequence[ToolSpec], key: str, known: int, *, hooks: bool
    ) -> Reply | None:
        """The model's reply with its tool calls parsed; None if the time ran out. It has read `known` tokens before."""
        text = self.mode == "text"
        if hooks:
            messages = await self._hooks.before_model(messages)
        request = Request(
            role=self.role,
            key=key,
            messages=text_protocol.as_text(messages) if text else messages,
            tools=() if text else tuple(offered),
            max_tokens=self.limits.reply_tokens,
            seed=None if self.seed is None else self.seed + self._meter.turns,
        )
        reply = await self._meter.call(self.model, request, known)
        if reply is None:
            return None
        if reply.learned:
            self.trajectory.event("learned", form=reply.learned)
        self._meter.turns += 1
        self._meter.usage += reply.usage
        if text:
            reply = text_protocol.parse(reply, offered, self._meter.turns)
        return await self._hooks.after_model(reply) if hooks else reply

    async def _ask(self, agent: SubAgent, question: str, key: str) -> str:
        """Put a question to a sub-agent. It shares the environment, the model and the trial's limits."""
        offered = [t for t in self.harness.tools if agent.tools is None or t.name in agent.tools]
        trace = self.trajectory.subagent(agent.name)
        system = await self._system(agent.prompt)
        ended, answer = await self._converse(
            system, question, offered, f"{key}.{agent.name}", trace, agent.turns
        )
        self.trajectory.event("sub_agent", agent=agent.name, ended=ended)
        return answer or f"[{agent.name} ended without an answer: {ended}]"

    async def _system(self, template: str) -> str:
        values = {
            "memory": self.harness.memory,
            "skills": _listed(self.harness.skills),
            "sub_agents": _listed(self.harness.sub_agents),
            "tools": _listed(offered_tools(self.harness)),
            "workdir": self.workdir,
            **self.values,
        }
        arguments = {"template": template, "values": values}
        seconds = min(RENDER_SECONDS, max(self._meter.seconds_left, LEAST_RENDER_SECONDS))
        prompt = str(await self.executor.call("render", arguments, seconds))
        if len(prompt) > MAX_PROMPT:
            raise HarnessError(f"the rendered prompt has {len(prompt)} characters; {MAX_PROMPT} at most")
        return prompt


def _listed(parts: Sequence[Skill | SubAgent | ToolSpec]) -> list[dict[str, str]]:
    return [{"name": part.name, "description": part.description} for part in parts]
