"""The checks of preflight that need a sandbox: imports, rendering, and a scripted trial of one tool call."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahe.agents.play import MakeExecutor, Player, started
from ahe.errors import HarnessError
from ahe.harness.layout import Problem
from ahe.harness.load import load
from ahe.protocols import Executor, Host, MakeEnvironment
from ahe.records import EnvironmentSpec, Limits, Message, ModelSpec, Reply, Request, ToolCall, Usage

LIMITS = Limits(turns=5, tokens=0, seconds=60, reply_tokens=100, command_seconds=10, output_bytes=4_000)
CHECK_SECONDS = 60.0
HARMLESS: dict[object, object] = {"integer": 1, "number": 1, "boolean": False, "array": [], "object": {}}


class OneToolCall:
    """A model that calls the first tool once, with harmless arguments, and then answers.

    `use_skill` is not called: it knows its skills by name, and refuses a made-up one.
    """

    spec = ModelSpec(name="smoke")
    fingerprint = "smoke"

    async def complete(self, request: Request) -> Reply:
        called = any(message.role == "tool" for message in request.messages)
        tools = [tool for tool in request.tools if tool.name != "use_skill"]
        if called or not tools:
            return Reply(message=Message(role="assistant", content="Done."), usage=Usage(calls=1))
        tool = tools[0]
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


@dataclass(frozen=True)
class SmokeTrial:
    """Runs a harness in the sandbox without a model. Problems say what failed, so that the evolver can fix it."""

    make_environment: MakeEnvironment
    make_executor: MakeExecutor
    scratch: Path

    async def __call__(self, root: Path) -> list[Problem]:
        """The problems of the harness in folder `root`; none when it works."""
        try:
            harness = load(root)
        except HarnessError as error:
            return [Problem(rule="loads", where="", text=str(error))]
        executor = ImportCheck(self.make_executor(), {tool.name: tool.parameters for tool in harness.tools})
        self.scratch.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            box, trace = Path(folder) / "box", Path(folder) / "trace"
            async with started(self.make_environment(EnvironmentSpec(name="smoke"), box)) as environment:
                outcome = await Player("coder", OneToolCall(), "native", LIMITS, lambda: executor).play(
                    harness,
                    environment,
                    "Say that you are ready.",
                    trace=trace,
                    session="smoke",
                    key="smoke/0",
                    workdir="/app",
                )
            events = (trace / "events.jsonl").read_text("utf-8").splitlines()
        problems = [Problem(rule="code", where=line.split(":")[0], text=line) for line in executor.problems]
        failed = [event[:600] for event in events if '_failed"' in event]
        if outcome.ended != "answered":
            failed.insert(0, outcome.cause or f"the smoke trial ended with {outcome.ended}")
        return problems + [Problem(rule="smoke", where="", text=text) for text in failed]


class ImportCheck:
    """An executor that also imports every module of the harness in its sandbox; `problems` say what failed.

    `tools` are the schemas of the tools' arguments.
    """

    def __init__(self, executor: Executor, tools: dict[str, dict[str, Any]]) -> None:
        self.problems: list[str] = []
        self._executor, self._tools = executor, tools
        self.call, self.stop = executor.call, executor.stop

    async def start(self, harness: Path, host: Host) -> None:
        await self._executor.start(harness, host)
        self.problems = await self._executor.call("check", {"tools": self._tools}, CHECK_SECONDS)
