"""Where trials run: a project's task environments, and the sandboxes of evolved code."""

import sys
from pathlib import Path

from ahe.environments.base import NoEnvironment
from ahe.environments.choose import make
from ahe.environments.launch import launch, launch_bare
from ahe.environments.layout import installation, interpreter
from ahe.environments.sandbox import bwrap_command
from ahe.evaluate.store import Store
from ahe.evaluate.trial import TrialRunner
from ahe.project.project import Project
from ahe.protocols import Environment, Executor, MakeEnvironment, Model
from ahe.records import EnvironmentSpec, Mount, Task
from ahe.runtime.executor import BOX, BoxExecutor, Process

BOX_LIMITS = EnvironmentSpec(name="harness box", memory_mb=1024, processes=64, file_mb=64)


def trial_runner(
    project: Project, store: Store, model: Model, mode: str, environment: MakeEnvironment | None = None
) -> TrialRunner:
    """Runs trials of the coder as the project says, or in environments of the caller's own."""
    unsafe = project.config.environment.kind == "unsafe"
    return TrialRunner(
        store=store,
        model=model,
        mode=mode,
        limits=project.config.trial_limits(),
        make_environment=lambda task, scratch: task_environment(project, task, scratch, environment),
        make_executor=lambda: make_executor(unsafe),
        sandboxed=not unsafe,
    )


def task_environment(
    project: Project, task: Task, scratch: Path, environment: MakeEnvironment | None = None
) -> Environment:
    """Where a task's commands run. This installation, the project and the caches are hidden from them."""
    ours = (*installation(), project.root, Path.home() / ".cache")
    hidden = (*task.environment.hidden, *map(str, ours))
    spec = task.environment.model_copy(update={"hidden": hidden})
    if task.row is not None:
        return NoEnvironment()
    if environment is not None:
        return environment(spec, scratch)
    kind = project.config.environment.kind
    return make("docker" if kind == "auto" and task.docker_only else kind, spec, scratch)


def make_executor(unsafe: bool) -> Executor:
    return BoxExecutor(_launch_bare if unsafe else _launch_boxed)


async def _launch_boxed(mounts: tuple[Mount, ...], arguments: tuple[str, ...]) -> Process:
    command = [*bwrap_command(mounts=mounts), str(interpreter()), *arguments]
    return await launch(command, BOX_LIMITS)


async def _launch_bare(mounts: tuple[Mount, ...], arguments: tuple[str, ...]) -> Process:
    """Without a sandbox, for `--unsafe-no-sandbox`: the host's own files are used instead of mounts."""
    harness = next(mount.host for mount in mounts if mount.inside == "/harness")
    site = str(Path(mounts[-1].host).parent)
    places = {"/box/box.py": str(BOX), "/harness": harness, "/site": site}
    return await launch_bare([sys.executable, *(places.get(a, a) for a in arguments)], BOX_LIMITS)
