"""Runs an agent: an instruction in an environment, within limits, its trajectory written into a folder.

Trials, evolver, debugger, smoke trials and `ahe run` all run their agents here. A caller first enters `started`, so
that it can use the environment after the agent has ended (a trial's verifier does), and it is always stopped.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from ahe.harness.load import Harness
from ahe.protocols import Environment, Executor, Model
from ahe.records import Limits, Role
from ahe.runtime.agent import Agent, AgentOutcome
from ahe.runtime.toolbox import HostTool, offered_tools
from ahe.runtime.trajectory import Trajectory

MakeExecutor = Callable[[], Executor]


@asynccontextmanager
async def started(environment: Environment) -> AsyncIterator[Environment]:
    """The environment, started; it is always stopped at the end, even if the start fails."""
    try:
        await environment.start()
        yield environment
    finally:
        await environment.stop()


@dataclass(frozen=True)
class Player:
    """The model behind an agent, how it calls tools (`native` or `text`), its limits, and the harness's box."""

    role: Role
    model: Model
    mode: str
    limits: Limits
    make_executor: MakeExecutor

    async def play(
        self,
        harness: Harness,
        environment: Environment,
        instruction: str,
        *,
        trace: Path,
        session: str,
        key: str,
        workdir: str,
        seed: int | None = None,
        values: Mapping[str, object] = MappingProxyType({}),
        host_tools: Mapping[str, HostTool] = MappingProxyType({}),
        done: Callable[[], bool] = lambda: False,
    ) -> AgentOutcome:
        """Let the agent work on the instruction in the started environment.

        Its trajectory, named `session`, is written into the folder `trace` and always finished. The other arguments are
        those of `ahe.runtime.agent.Agent`. Raises `Infrastructure` and `BudgetExceeded`; every failure of the agent
        itself gives an `AgentOutcome`.
        """
        trajectory = Trajectory(trace, session, self.model.spec.name, offered_tools(harness))
        outcome = AgentOutcome(ended="broken")
        try:
            outcome = await Agent(
                harness=harness,
                executor=self.make_executor(),
                environment=environment,
                model=self.model,
                mode=self.mode,
                limits=self.limits,
                trajectory=trajectory,
                role=self.role,
                key=key,
                seed=seed,
                workdir=workdir,
                values=values,
                host_tools=host_tools,
                done=done,
            ).run(instruction)
        finally:
            trajectory.finish(outcome.usage + outcome.side_usage, {"ended": outcome.ended})
        return outcome
