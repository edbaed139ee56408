"""Plays a harness in an environment that another program holds, such as Harbor: `python -m ahe.jobs.bridge`.

One JSON object a line: the program says what to do, `ahe` asks for commands and files, gets an answer to each, and ends
with `done`. The program's own code is never imported here.
"""

import asyncio
import base64
import json
import os
import posixpath
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from ahe.agents.play import Player, started
from ahe.errors import AheError, SandboxError
from ahe.events import QUIET
from ahe.harness.load import load
from ahe.project.assemble import assemble
from ahe.project.project import open_project
from ahe.records import ExecResult, Usage
from ahe.text import without_surrogates

OPENAI = "https://api.openai.com/v1"


@dataclass
class Asked:
    """Implements `Environment`: asks the other program, one thing at a time."""

    source: BinaryIO
    sink: BinaryIO
    describe: str = "bridge"
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ask(self, do: str, **what: Any) -> dict[str, Any]:
        """The program's answer. Raises `SandboxError` where it has none."""
        async with self._turn:
            self.tell(do, **what)
            line = await asyncio.to_thread(self.source.readline)
        answer: dict[str, Any] = json.loads(line or '{"error": "the program that holds it has ended"}')
        if "error" in answer:
            raise SandboxError(f"the environment could not {do}: {answer['error']}")
        return answer

    def tell(self, do: str, **what: Any) -> None:
        self.sink.write(json.dumps({"do": do, **what}).encode() + b"\n")
        self.sink.flush()

    async def start(self) -> None:
        """It runs already."""

    async def exec(
        self,
        command: str,
        *,
        timeout: float = 120.0,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        output_limit: int = 1_000_000,
    ) -> ExecResult:
        asked = {"command": command, "timeout": timeout, "cwd": cwd, "env": dict(env or {}), "user": user}
        said = await self.ask("exec", **without_surrogates(asked))
        output = str(said["output"]).encode("utf-8", "replace")
        omitted = max(0, len(output) - output_limit)
        if omitted:
            half = output_limit // 2
            output = output[:half] + output[len(output) - (output_limit - half) :]
        return ExecResult(
            exit_code=said["code"], output=output, omitted=omitted, timed_out=bool(said["timed_out"])
        )

    async def read(self, path: str) -> bytes:
        if (await self.exec(f"test -e {shlex.quote(path)}")).exit_code:
            raise FileNotFoundError(path)
        return base64.b64decode((await self.ask("read", path=path))["data"])

    async def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        await self.exec(f"mkdir -p {shlex.quote(posixpath.dirname(path) or '.')}")
        await self.ask("write", path=path, data=base64.b64encode(data).decode())
        await self.exec(f"chmod {mode:o} {shlex.quote(path)}")

    async def stop(self) -> None:
        """Who holds it stops it."""


async def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Play the agent that the first line asks for, and end with `done`: how it ended, tokens and money."""
    wanted = json.loads(await asyncio.to_thread(source.readline))
    environment, trace = Asked(source, sink), Path(wanted["trace"])
    ended, broken, spent = "broken", "", Usage()
    try:
        project = open_project(trace / "ahe", _flags(wanted))
        harness, limits = load(Path(wanted["harness"])), project.config.trial_limits()
        async with assemble(project, QUIET) as parts:
            player = Player("coder", parts.models["coder"], parts.modes["coder"], limits, parts.executor)
            try:
                async with started(environment):
                    workdir = (await environment.exec("pwd")).text.strip() or "/"
                    outcome = await player.play(
                        *(harness, environment, wanted["instruction"]),
                        trace=trace,
                        session="ahe",
                        key="harbor/0",
                        workdir=workdir,
                    )
                ended = outcome.ended
            finally:
                spent = parts.spent
    except AheError as error:
        broken = str(error)
    tokens = {"input_tokens": spent.input_tokens, "output_tokens": spent.output_tokens, "usd": spent.usd}
    environment.tell("done", ended=ended, broken=broken, **tokens)


def _flags(wanted: Mapping[str, str]) -> dict[str, Any]:
    """The model as `ahe.toml` would name it; Harbor's names begin with the provider."""
    name, address = wanted["model"], wanted["base_url"]
    if name.startswith("openai/"):
        name, address = name.removeprefix("openai/"), address or OPENAI
    given = {
        "name": name,
        "base_url": address,
        "api_key_env": wanted["api_key_env"],
        "tool_calls": wanted["tool_calls"],
    }
    return {f"model.{key}": value for key, value in given.items() if value}


def main() -> None:
    """Serve on stdin and stdout; what else prints goes to stderr."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    asyncio.run(serve(sys.stdin.buffer, sink))


if __name__ == "__main__":
    main()
