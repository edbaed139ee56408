"""Where trials run: a project's task environments, and the sandboxes of evolved code."""

import contextlib
import functools
import hashlib
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from ahe.agents.command import OWN, Command, CommandPlayer, ways
from ahe.agents.relay import Relay
from ahe.debug.readers.read import read_trial
from ahe.environments.base import NoEnvironment
from ahe.environments.choose import make
from ahe.environments.launch import launch, launch_bare
from ahe.environments.layout import installation, interpreter
from ahe.environments.sandbox import bwrap_command, probe
from ahe.errors import UsageError
from ahe.evaluate.store import Store
from ahe.evaluate.trial import TrialRunner
from ahe.project.config import FILE, Config
from ahe.project.project import Project
from ahe.protocols import Environment, Executor, MakeEnvironment, Model
from ahe.records import EnvironmentSpec, Limits, Mount, Task
from ahe.runtime.executor import BOX, BoxExecutor, Process

LOOK_SECONDS = 120.0
BOX_LIMITS = EnvironmentSpec(name="harness box", memory_mb=1024, processes=64, file_mb=64)


def trial_runner(
    project: Project,
    store: Store,
    model: Model,
    mode: str,
    environment: MakeEnvironment | None = None,
    relay: Relay | None = None,
) -> TrialRunner:
    """Runs trials of the coder as the project says, or in environments of the caller's own.

    Where the coder is a command, its trials can only be found in the store without a `relay`.
    """
    unsafe = project.config.environment.kind == "unsafe"
    command = coder_command(project.config)
    shown = (*command_mounts(project.config), *([relay.mount] if relay else []))

    def make_player(limits: Limits) -> CommandPlayer:
        assert command is not None
        if relay is None:
            raise UsageError("this command runs no trials: run `ahe eval`")
        return CommandPlayer(command, relay, limits, answer)

    return TrialRunner(
        store=store,
        model=model,
        mode=mode,
        limits=project.config.trial_limits(),
        make_environment=lambda task, scratch: task_environment(
            project, task, scratch, environment, shown if command else None
        ),
        make_executor=lambda: make_executor(unsafe),
        sandboxed=not unsafe,
        make_player=make_player if command else None,
        must_call=command is not None and command.agent != OWN,
        identity=command.identity if command else (),
    )


def task_environment(
    project: Project,
    task: Task,
    scratch: Path,
    environment: MakeEnvironment | None = None,
    mounts: tuple[Mount, ...] | None = None,
) -> Environment:
    """Where a task's commands run. This installation, the project and the caches are hidden from them.

    With `mounts` an agent of another make works in it, also on a question that is answered in words.
    """
    ours = (*installation(), project.root, Path.home() / ".cache")
    hidden = (*task.environment.hidden, *map(str, ours))
    own = {"mounts": (*task.environment.mounts, *mounts)} if mounts else {}
    spec = task.environment.model_copy(update={"hidden": hidden, **own})
    if task.row is not None and mounts is None:
        return NoEnvironment()
    if environment is not None:
        return environment(spec, scratch)
    kind = project.config.environment.kind
    return make("docker" if kind == "auto" and task.docker_only else kind, spec, scratch)


def coder_command(config: Config) -> Command | None:
    """The command that plays trials; None where our own loop does. Raises `UsageError` for what is not filled in."""
    table = config.coder
    if table.kind == "ahe":
        return None
    usual = ways()[table.agent]
    if not (text := table.command.strip() or usual.command):
        raise UsageError(
            f"{FILE}: set [coder] command: what starts the agent, for example `python /opt/agents/mine.py`"
        )
    mounts = command_mounts(config)
    command = Command(table.agent, text, tuple(f"{mount.inside}/bin" for mount in mounts))
    version = said_version(command, usual.version, mounts)
    return replace(command, version=version, files=named_files(command, mounts))


def command_mounts(config: Config) -> tuple[Mount, ...]:
    """The folders of [coder] mounts, as sandboxes show them. Raises `UsageError` for one that is not there."""
    places = [(config.root / Path(name).expanduser()).resolve() for name in config.coder.mounts]
    for place in places:
        if not place.is_dir():
            raise UsageError(f"{FILE}: [coder] mounts names {place}, which is no folder: correct it")
    return tuple(Mount(host=str(place), inside=str(place)) for place in places)


@functools.cache
def said_version(command: Command, asked: str, mounts: tuple[Mount, ...]) -> str:
    """What the agent in its sandbox says its version is; empty where it cannot be asked."""
    return said_inside(command, asked, mounts)[:200] if asked else ""


def named_files(command: Command, mounts: tuple[Mount, ...]) -> str:
    """A digest of the files below the mounts that the command line names: by their path or, where the agent says no
    version, as a program in a folder of PATH. Empty where it names none."""
    lexer = shlex.shlex(command.text, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        words = list(lexer)
    except ValueError:  # a quote has no end
        words = command.text.split()
    folders = [] if ways()[command.agent].version else command.folders
    named = {part for word in words for part in (word, word.partition("=")[2]) if part}
    paths = {Path(os.path.normpath(part)) for part in named if part.startswith("/")}
    paths |= {Path(folder, part) for folder in folders for part in named if "/" not in part}
    below = [path for path in sorted(paths) if any(path.is_relative_to(mount.inside) for mount in mounts)]
    found = hashlib.sha256()
    known = ""
    for path in below:
        with contextlib.suppress(OSError):
            if path.is_file():
                found.update(f"{path}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\0".encode())
                known = found.hexdigest()[:24]
    return known


def absent(command: Command, mounts: tuple[Mount, ...]) -> list[str]:
    """The programs and files that the command names and the sandbox does not have."""
    words = re.findall(r"(?:^|(?<=\s))[\w./+@-]+(?=\s|$)", command.text)
    named = [word for number, word in enumerate(words) if number == 0 or word.startswith("/")]
    looked = '; do command -v "$f" > /dev/null || [ -e "$f" ] || printf "%s\\n" "$f"; done'
    return said_inside(command, f"for f in {' '.join(map(shlex.quote, named))}{looked}", mounts).splitlines()


def said_inside(command: Command, text: str, mounts: tuple[Mount, ...]) -> str:
    """What a command line prints in a sandbox with these mounts; empty if it fails, or if there is no bubblewrap."""
    if not probe().works:
        return ""
    inside = [*bwrap_command(mounts=mounts), "/bin/sh", "-c", command.script(text)]
    try:
        done = subprocess.run(inside, capture_output=True, timeout=LOOK_SECONDS, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UsageError(
            f"what [coder] names cannot be looked at in a sandbox, try again: {error}"
        ) from error
    return done.stdout.decode(errors="replace").strip() if done.returncode == 0 else ""


def answer(folder: Path) -> str:
    """What the agent said last in the recordings of a trial's folder."""
    for step in reversed(read_trial(folder).steps):
        if said := "\n".join(text.text for text in step.texts if text.channel == "message"):
            return said if step.source == "agent" else ""
    return ""


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
