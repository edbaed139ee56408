"""A harness's tools and middleware for an agent that is not ours: in the harness box, on the directory of that agent.

Commands of evolved code run in a sandbox without a network that shows this directory and nothing else of the machine.
What would make the person's own programs run code, or the agent read other files, is read-only there.
"""

import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ahe.agents.play import started
from ahe.environments.choose import make
from ahe.errors import UsageError
from ahe.harness.load import Harness, SubAgent, load
from ahe.project.sandboxes import make_executor
from ahe.records import EnvironmentSpec, Limits, ModelSpec, Mount, Reply, Request, Usage
from ahe.runtime.executor import BoxExecutor
from ahe.runtime.host import TrialHost
from ahe.runtime.meter import Meter
from ahe.runtime.toolbox import Hooks, Toolbox
from ahe.runtime.trajectory import Trajectory

LIMITS = Limits(turns=0, tokens=0, seconds=0)
READ_ONLY = (
    *(".git", ".githooks", ".husky", ".ahe", ".agents", ".claude", ".codex", ".opencode"),
    *(".mcp.json", "AGENTS.md", "AGENTS.override.md", "CLAUDE.md", "CLAUDE.local.md"),
    *("opencode.json", "opencode.jsonc"),
)


class NoModel:
    """What `ctx.model` is where the model belongs to another agent."""

    spec = ModelSpec(name="none")
    fingerprint = ""

    async def complete(self, request: Request) -> Reply:
        raise UsageError("ctx.model answers in trials only: here the model belongs to the agent")


@dataclass
class Served:
    """A harness that serves: its tools and hooks, and what its code noted."""

    harness: Harness
    host: TrialHost
    hooks: Hooks
    trace: Path

    @property
    def toolbox(self) -> Toolbox:
        """The tools without middleware: where the agent has hooks, those run it around every call."""
        return Toolbox(self.harness, replace(self.hooks, names=()), {}, _no_sub_agents)

    @property
    def box(self) -> BoxExecutor:
        """The box of `hooks`."""
        assert isinstance(self.hooks.executor, BoxExecutor)
        return self.hooks.executor

    async def renew(self) -> None:
        """Start another box where evolved code has ended the one before."""
        if self.box.gone:
            await self.box.stop()
            self.hooks.executor = make_executor(unsafe=False)
            await self.hooks.executor.start(Path(self.harness.root), self.host)

    def notes(self) -> list[str]:
        """What evolved code wrote with `ctx.note`, and its failures, a line each."""
        events = map(json.loads, (self.trace / "events.jsonl").read_text("utf-8").splitlines())
        return [
            f"{each['event']}: {each.get('middleware') or each.get('tool') or ''} {each.get('error', each.get('text'))}"
            for each in events
            if each["event"] in ("note", "hook_failed", "tool_failed")
        ]


async def _no_sub_agents(agent: SubAgent, question: str, key: str) -> str:
    raise ValueError("sub-agents are the agent's own here")


@asynccontextmanager
async def served(root: Path, directory: Path, instruction: str = "") -> AsyncIterator[Served]:
    """Start the box of the harness in `root`, and the sandbox in which its commands act on `directory`.

    Raises `HarnessError`, `SandboxError`, and `UsageError` for a directory that holds a whole home.
    """
    root, directory = root.resolve(), directory.resolve()
    if Path.home().resolve().is_relative_to(directory):
        raise UsageError(f"{directory} holds your home folder: start the agent in a project's own folder")
    harness = load(root)
    mounts = [Mount(host=str(directory), inside=str(directory), writable=True)]
    for path in (directory / name for name in READ_ONLY):
        if path.exists() and not path.is_symlink():  # what a link leads to must not come into the sandbox
            mounts.append(Mount(host=str(path), inside=str(path)))
    spec = EnvironmentSpec(name="directory", workdir=str(directory), mounts=tuple(mounts))
    with tempfile.TemporaryDirectory(prefix="ahe-serve-") as scratch:
        trace = Trajectory(Path(scratch, "trace"), "serve", "", ())
        async with started(make("bwrap", spec, Path(scratch))) as environment:
            meter = Meter(LIMITS)
            hooks = Hooks(make_executor(unsafe=False), harness.middleware, meter, trace, instruction)
            host = TrialHost(environment, NoModel(), meter, trace, "coder", "serve")
            try:
                await hooks.executor.start(root, host)
                yield Served(harness, host, hooks, Path(scratch, "trace"))
            finally:
                await hooks.executor.stop()
                trace.finish(Usage(), {})
