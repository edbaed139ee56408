"""`ahe run`: a person uses the evolved agent on a directory of their own and sees the diff."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from ahe.errors import UsageError
from ahe.harness.load import Harness, load
from ahe.jobs.folderdiff import changed_paths, unified, write_back
from ahe.jobs.known import version
from ahe.project.assemble import Parts, assemble
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import EnvironmentSpec, Mount, Record, Usage
from ahe.runtime.agent import Agent, AgentOutcome
from ahe.runtime.toolbox import offered_tools
from ahe.runtime.trajectory import Trajectory, now

WORKDIR = "/work"
MAX_BYTES = 500_000_000


class RunResult(Record):
    """What the agent answered and what it changed. `applied`: the changes were written back."""

    answer: str
    ended: str
    diff: str
    changed: tuple[str, ...]
    applied: bool
    trace: str
    usage: Usage


async def run_instruction(
    project: Project,
    watcher: Watcher,
    *,
    instruction: str,
    directory: Path,
    rev: str = "HEAD",
    apply: bool = False,
) -> RunResult:
    """Work on a copy of `directory`; with `apply` its changes are written back, else only shown.

    The copy is what the sandbox can write; nothing else of the machine is visible in it.
    """
    directory = _checked(directory.resolve())
    harness = load(Path(version(project, project.history(), rev).root))
    scratch_root = project.config.runs / "scratch"
    scratch_root.mkdir(parents=True, exist_ok=True)
    trace = project.config.runs / "people" / now().replace(":", "-")
    async with assemble(project, watcher) as parts:
        with tempfile.TemporaryDirectory(dir=scratch_root) as scratch:
            copy = Path(scratch) / "copy"
            shutil.copytree(directory, copy, symlinks=True)
            outcome = await _work(parts, harness, instruction, copy, trace)
            changed = changed_paths(directory, copy)
            text = unified(directory, copy, changed)
            if apply:
                write_back(copy, directory, changed)
    return RunResult(
        answer=outcome.answer,
        ended=outcome.ended,
        diff=text,
        changed=changed,
        applied=apply and bool(changed),
        trace=str(trace),
        usage=parts.spent,
    )


def _checked(directory: Path) -> Path:
    """The directory, if it is one and not too large to copy. Raises `UsageError`."""
    if not directory.is_dir():
        raise UsageError(f"{directory} is no directory: pass one with -C")
    size = sum(p.stat().st_size for p in directory.rglob("*") if p.is_file() and not p.is_symlink())
    if size > MAX_BYTES:
        raise UsageError(
            f"{directory} has {size / 1e6:.0f} MB; `ahe run` copies at most {MAX_BYTES / 1e6:.0f} MB"
        )
    return directory


async def _work(parts: Parts, harness: Harness, instruction: str, copy: Path, trace: Path) -> AgentOutcome:
    """Let the agent work on the copy in a sandbox of its own."""
    model, mounts = parts.models["coder"], (Mount(host=str(copy), inside=WORKDIR, writable=True),)
    spec = EnvironmentSpec(name="run", workdir=WORKDIR, mounts=mounts)
    environment = parts.environment(spec, copy.parent / "box")
    trajectory = Trajectory(trace, trace.name, model.spec.name, offered_tools(harness))
    agent = Agent(
        harness=harness,
        executor=parts.executor(),
        environment=environment,
        model=model,
        mode=parts.modes["coder"],
        limits=parts.project.config.trial_limits(),
        trajectory=trajectory,
        role="coder",
        key="run/0",
        workdir=WORKDIR,
    )
    try:
        await environment.start()
        outcome = await agent.run(instruction)
    finally:
        await environment.stop()
    trajectory.finish(outcome.usage + outcome.side_usage, {"ended": outcome.ended})
    return outcome
