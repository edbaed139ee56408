"""Runs a task's `environment/setup.sh`, once, as root, in its work directory."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ahe.errors import TaskError
from ahe.protocols import Environment
from ahe.records import EnvironmentSpec

PLACE = "/tmp/.setup.sh"


async def run_setup(environment: Environment, spec: EnvironmentSpec) -> None:
    """Does nothing where the task has no setup. Raises TaskError where it fails or takes too long."""
    if spec.setup is None:
        return
    await environment.write(PLACE, await asyncio.to_thread(Path(spec.setup).read_bytes), 0o755)
    command = f"bash {PLACE}; code=$?; rm -f {PLACE}; exit $code"
    done = await environment.exec(command, timeout=spec.build_seconds)
    if done.exit_code:
        why = "took too long" if done.timed_out else f"failed with exit code {done.exit_code}"
        raise TaskError(f"{spec.name}: environment/setup.sh {why}: {done.text[-1000:].strip()}")
