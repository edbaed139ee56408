"""The rules of preflight that need the box: imports, rendering, and a scripted one-turn trial."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from ahe.errors import HarnessError
from ahe.harness.load import load
from ahe.harness.preflight import Problem
from ahe.protocols import Environment, Executor, Host
from ahe.records import EnvironmentSpec, Limits, Message, ModelSpec, Reply, Request, ToolCall, Usage
from ahe.runtime.agent import Agent
from ahe.runtime.toolbox import offered_tools
from ahe.runtime.trajectory import Trajectory

SMOKE = Limits(turns=5, tokens=0, seconds=60, reply_tokens=100, command_seconds=10, output_bytes=4_000)
CHECK_SECONDS = 60.0
HARMLESS: dict[object, object] = {"integer": 1, "number": 1, "boolean": False, "array": [], "object": {}}


class OneTurn:
    """A model that calls the first tool once, with harmless arguments, and then answers."""

    spec = ModelSpec(name="smoke")
    fingerprint = "smoke"

    async def complete(self, request: Request) -> Reply:
        called = any(message.role == "tool" for message in request.messages)
        if called or not request.tools:
            return Reply(message=Message(role="assistant", content="Done."), usage=Usage(calls=1))
        tool = request.tools[0]
        properties = tool.parameters.get("properties", {})
        required = tool.parameters.get("required", [])
        arguments = {name: harmless(properties.get(name)) for name in required}
        call = ToolCall(id="smoke", name=tool.name, arguments=arguments)
        return Reply(message=Message(role="assistant", tool_calls=(call,)), usage=Usage(calls=1))


def harmless(schema: object) -> object:
    """A value of the schema's type that does nothing, also as a shell command."""
    kind = schema.get("type") if isinstance(schema, dict) else None
    kinds = kind if isinstance(kind, list) else [kind]
    return next((HARMLESS[name] for name in kinds if name in HARMLESS), "true")


class BoxProbe:
    """Runs a harness in the box without a model. Problems carry what failed, for the evolver to mend."""

    def __init__(
        self,
        make_environment: Callable[[EnvironmentSpec, Path], Environment],
        make_executor: Callable[[], Executor],
        scratch: Path,
    ) -> None:
        self._make_environment = make_environment
        self._make_executor = make_executor
        self._scratch = scratch

    async def __call__(self, root: Path) -> list[Problem]:
        """The problems of the harness in folder `root`; none when it works."""
        self._scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            environment = self._make_environment(EnvironmentSpec(name="smoke"), Path(folder) / "box")
            try:
                await environment.start()
                return await self._problems(root, environment, Path(folder))
            finally:
                await environment.stop()

    async def _problems(self, root: Path, environment: Environment, folder: Path) -> list[Problem]:
        try:
            harness = load(root)
        except HarnessError as error:
            return [Problem(rule="loads", where="", text=str(error))]
        executor = Checked(self._make_executor())
        trajectory = Trajectory(folder / "trace", "smoke", "smoke", offered_tools(harness))
        agent = Agent(
            harness=harness,
            executor=executor,
            environment=environment,
            model=OneTurn(),
            mode="native",
            limits=SMOKE,
            trajectory=trajectory,
            role="coder",
            key="smoke/0",
            workdir="/app",
        )
        outcome = await agent.run("Say that you are ready.")
        trajectory.finish(outcome.usage, {})
        problems = [
            Problem(rule="imports", where=line.split(":")[0], text=line) for line in executor.problems
        ]
        if outcome.ended != "answered":
            text = outcome.cause or f"the smoke trial ended with {outcome.ended}"
            problems.append(Problem(rule="smoke", where="", text=text))
        events = (folder / "trace" / "events.jsonl").read_text("utf-8").splitlines()
        problems += [Problem(rule="smoke", where="", text=e[:600]) for e in events if '_failed"' in e]
        return problems


class Checked:
    """An executor that also asks its box to import everything."""

    def __init__(self, executor: Executor) -> None:
        self.problems: list[str] = []
        self._executor = executor
        self.call, self.stop = executor.call, executor.stop

    async def start(self, harness: Path, host: Host) -> None:
        await self._executor.start(harness, host)
        self.problems = await self._executor.call("check", {}, CHECK_SECONDS)
