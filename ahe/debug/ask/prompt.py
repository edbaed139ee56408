"""The debugger's system prompt, rendered in the box as an agent's is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ahe.harness.load import load
from ahe.protocols import Executor
from ahe.runtime.agent import RENDER_SECONDS


async def rendered(root: Path, make_executor: Callable[[], Executor], values: dict[str, object]) -> str:
    """The prompt of the harness in `root` for a call without tools. Raises `HarnessError`."""
    harness, executor = load(root), make_executor()
    given = {"memory": harness.memory, "skills": [], "sub_agents": [], "tools": [], "workdir": "", **values}
    try:
        await executor.start(root, NoHost())
        arguments = {"template": harness.system_prompt, "values": given}
        return str(await executor.call("render", arguments, RENDER_SECONDS))
    finally:
        await executor.stop()


class NoHost:
    """A host that serves nothing: rendering needs nothing."""

    async def serve(self, what: str, arguments: dict[str, Any]) -> Any:
        raise ValueError("nothing can be asked for here")
