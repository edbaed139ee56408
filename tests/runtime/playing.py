"""Plays one agent for real: box and environment in bubblewrap, the model a scripted server over HTTP."""

from __future__ import annotations

import json
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahe.environments.bwrap import BwrapEnvironment
from ahe.harness.load import load
from ahe.models.openai import OpenAIModel
from ahe.models.retry import Backoff
from ahe.models.script import Script
from ahe.models.scripted import ScriptedServer
from ahe.project.content import entry
from ahe.project.sandboxes import make_executor
from ahe.protocols import Environment
from ahe.records import EnvironmentSpec, Limits, ModelSpec
from ahe.runtime.agent import Agent, AgentOutcome
from ahe.runtime.toolbox import offered_tools
from ahe.runtime.trajectory import Trajectory

KEY = "task/0"
LIMITS = Limits(turns=8, tokens=0, seconds=60, command_seconds=20)
Edits = Mapping[str, str | None]
Look = Callable[[Environment], Awaitable[None]]


@dataclass
class Played:
    """What happened: the outcome, the requests as the endpoint received them, trajectory and events."""

    outcome: AgentOutcome
    requests: list[dict[str, Any]]
    trajectory: dict[str, Any]
    events: list[dict[str, Any]]

    def payload(self, key: str = f"{KEY}/0") -> dict[str, Any]:
        return next(r["payload"] for r in self.requests if r["key"] == key)

    def system(self, key: str = f"{KEY}/0") -> str:
        return str(self.payload(key)["messages"][0]["content"])

    def tools(self, key: str = f"{KEY}/0") -> dict[str, str]:
        """Descriptions of the tools that a request offers, by name."""
        functions = [tool["function"] for tool in self.payload(key).get("tools", [])]
        return {function["name"]: function["description"] for function in functions}

    def results(self) -> list[str]:
        """What the tool calls gave, as the model read it in its last request."""
        messages = self.requests[-1]["payload"]["messages"]
        return [message["content"] for message in messages if message["role"] == "tool"]

    def fired(self, event: str = "hook") -> list[dict[str, Any]]:
        return [line for line in self.events if line["event"] == event]


def call(name: str, /, **arguments: Any) -> dict[str, Any]:
    return {"tool_calls": [{"name": name, "arguments": arguments}]}


def shell(command: str) -> dict[str, Any]:
    return call("run_shell_command", command=command)


def answers(*steps: Any, key: str = KEY) -> dict[str, Any]:
    """The answers of successive turns; the last one stands for all that follow."""
    return {**{f"{key}/{turn}": step for turn, step in enumerate(steps)}, "*": steps[-1]}


def hook(body: str, name: str = "Hook") -> str:
    """A middleware file: the class with this body."""
    return f"class {name}:\n" + "".join(f"    {line}\n" for line in body.strip("\n").splitlines())


def harness_with(folder: Path, edits: Edits) -> Path:
    """The seed harness with files replaced, added, or (None) removed."""
    root = folder / "harness"
    shutil.copytree(entry("components"), root)
    for name, text in edits.items():
        path = root / name
        path.unlink(missing_ok=True)
        if text is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return root


async def play(
    folder: Path,
    script: Mapping[str, Any],
    edits: Edits | None = None,
    *,
    mode: str = "native",
    limits: Limits = LIMITS,
    retries: int = 1,
    look: Look | None = None,
    instruction: str = "Do it.",
    files: Mapping[str, str] | None = None,
    **agent: Any,
) -> Played:
    """Run the seed harness with `edits` on the script, in an environment with `files`.

    `look` sees the environment before it stops.
    """
    root = harness_with(folder, edits or {})
    server = ScriptedServer(Script({"coder": script}, log=folder / "requests.jsonl"))
    spec = ModelSpec(name="m", base_url=await server.start(), tool_calls=mode, retries=retries)
    model = OpenAIModel(spec, keyed=True, backoff=Backoff(base=0.01, cap=0.02, patience=0.1))
    environment = BwrapEnvironment(EnvironmentSpec(name="play", workdir="/app"), folder / "box")
    harness = load(root)
    trajectory = Trajectory(folder / "trace", "session", "m", offered_tools(harness))
    given = {
        "executor": make_executor(False),
        "role": "coder",
        "key": KEY,
        "workdir": "/app",
        "model": model,
        **agent,
    }
    try:
        await environment.start()
        for path, text in (files or {}).items():
            await environment.write(path, text.encode())
        playing = Agent(
            harness=harness,
            environment=environment,
            mode=mode,
            limits=limits,
            trajectory=trajectory,
            **given,
        )
        outcome = await playing.run(instruction)
        if look is not None:
            await look(environment)
    finally:
        await environment.stop()
        await model.aclose()
        await server.stop()
    trajectory.finish(outcome.usage + outcome.side_usage, {"ended": outcome.ended})
    return Played(
        outcome,
        _lines(folder / "requests.jsonl"),
        json.loads((folder / "trace" / "trajectory.json").read_text("utf-8")),
        _lines(folder / "trace" / "events.jsonl"),
    )


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]] if path.is_file() else []
