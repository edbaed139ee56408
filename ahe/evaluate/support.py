"""Features of the task format that are not supported: a task that uses one is refused, and the feature named.

Also whether bubblewrap can replace a task's Dockerfile.
"""

import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ahe.environments.dockerfile import Instruction
from ahe.environments.variables import unresolved
from ahe.errors import UnsupportedTask
from ahe.evaluate.taskformat import TaskToml, unsupported_keys
from ahe.harness.load import read_mapping
from ahe.records import Task

COMPOSE = "docker-compose.yaml"
BASE = "python:3.11-bookworm"
"""The base image of all bundled tasks. The host has its bash, git and python3 too, so bubblewrap can replace it."""


def refuse(task: Task, *, allow_network: bool, kind: str, solution: bool = False) -> None:
    """Raise `UnsupportedTask` that names every feature of `task` which is not supported.

    `kind` is the configured environment (`auto`, `bwrap`, `docker`, `unsafe`); `allow_network` is the user's policy,
    not what the task asks for. What only the task's `solution` needs counts if that is to run.
    """
    if task.row is not None:
        return
    found = tuple(unsupported(task, allow_network=allow_network, kind=kind, solution=solution))
    if found:
        raise UnsupportedTask(
            f"task {task.name} asks for what cannot be honoured: {'; '.join(found)}. "
            "Leave it out of the suite, or change the task."
        )


def unsupported(task: Task, *, allow_network: bool, kind: str, solution: bool = False) -> Iterator[str]:
    """The features that `refuse` names."""
    toml = TaskToml.model_validate(task.raw)
    yield from (f"{feature} ({key})" for key, feature in unsupported_keys(toml).items())
    if toml.environment.os not in ("linux", ""):
        yield f"operating system {toml.environment.os} (environment.os)"
    if toml.verifier.environment_mode == "separate":
        yield "a separate environment for the verifier (verifier.environment_mode)"
    yield from _files(task, toml)
    yield from _network(toml, allow_network)
    yield from _variables(toml, solution)
    if "$" in task.environment.workdir:
        yield f"a variable in environment.workdir ({task.environment.workdir})"
    if kind in ("bwrap", "unsafe") and task.docker_only:
        yield f"Docker, because {task.docker_only} (environment kind {kind})"
    if kind == "docker" and not (task.environment.image or task.environment.dockerfile):
        yield "an environment without environment/Dockerfile and docker_image, which Docker cannot build"


def _files(task: Task, toml: TaskToml) -> Iterator[str]:
    names = set(os.listdir(task.path))
    folder = os.path.join(task.path, "environment")
    inside = set(os.listdir(folder)) if "environment" in names else set()
    if COMPOSE in inside:
        text = Path(folder, COMPOSE).read_text("utf-8-sig", "replace")
        yield from (
            f"Docker Compose: {problem} (environment/{COMPOSE})" for problem in read_compose(text).problems
        )
    if "steps" in names and not toml.steps:
        yield "several steps (steps/)"
    if "trajectory.json" in names:
        yield "a conversation to go on from (trajectory.json)"
    places = [name for name in ("", "tests", "solution") if not name or name in names]
    if any(os.path.exists(os.path.join(task.path, place, ".harborignore")) for place in places):
        yield "files left out by .harborignore"


def _network(toml: TaskToml, allow_network: bool) -> Iterator[str]:
    agent, verifier = toml.network(toml.agent), toml.network(toml.verifier)
    if "allowlist" in (agent, verifier):
        yield "a network of listed hosts only (network_mode allowlist)"
    elif agent != verifier:
        yield f"a network for one phase only (agent {agent}, verifier {verifier})"
    elif agent == "public" and not allow_network:
        yield "the network (network_mode public), which your policy forbids"


def _variables(toml: TaskToml, solution: bool) -> Iterator[str]:
    tables = {
        "environment": toml.environment.env,
        "verifier": toml.verifier.env,
        "solution": toml.solution.env if solution else {},
    }
    for section, variables in tables.items():
        for name in unresolved(variables):
            yield f"the variable {name} of this machine ({section}.env), which is not set: set it"


def workdir(found: tuple[Instruction, ...]) -> str:
    """Work directory at the end of the last stage; empty if the file does not say it in full."""
    current = ""
    for each in found:
        if each.name == "FROM":
            current = ""
        elif each.name == "WORKDIR":
            current = posixpath.normpath(posixpath.join(current, each.expanded.strip("\"'")))
    return current if current.startswith("/") and "$" not in current else ""


def beyond_bubblewrap(found: tuple[Instruction, ...], directory: str, *, files: bool, setup: bool) -> str:
    """Why only Docker can build this environment; empty if it has the form of the bundled tasks.

    That form is FROM the shared base, WORKDIR, COPY files/ to the work directory, COPY setup.sh and RUN it once.
    `files` and `setup` say whether environment/ holds them, because bubblewrap must not show files that the Dockerfile
    does not copy.
    """
    if not (files or setup):
        return "its Dockerfile has neither files/ nor setup.sh beside it"
    copied = ran = False
    script = "/"
    for each in found:
        words = each.rest.split()
        source = words[0].strip("./") if each.name == "COPY" and len(words) == 2 else ""
        if (
            source == "files"
            and files
            and posixpath.normpath(posixpath.join(directory, words[1])) == directory
        ):
            copied = True
        elif source == "setup.sh" and setup:
            script = words[1]
        elif each.name == "RUN" and re.fullmatch(
            rf"(ba)?sh {re.escape(script)}( && rm (-f )?{re.escape(script)})?", each.rest
        ):
            ran = True
        elif f"{each.name} {each.rest}" != f"FROM {BASE}" and not (
            each.name == "WORKDIR" and workdir(found) == directory
        ):
            return f"its Dockerfile says {each.name} {each.rest}"[:160]
    if files and not copied:
        return "its Dockerfile does not copy environment/files"
    if setup and not ran:
        return "its Dockerfile does not run environment/setup.sh"
    return "" if directory else "its Dockerfile sets no WORKDIR"


# ---------------------------------------------------------------- Docker Compose

# The variables that Harbor and Terminal-Bench fill in: images, folders for logs and tests, limits.
_THEIRS = re.compile(
    r"(\w+=)?(\$\{(MAIN|PREBUILT|HOST|ENV|CONTEXT|CPUS|MEMORY|TEST|T_BENCH)\w*(:-[^}]*)?\}[:/]?)+(r[ow])?"
)
_IDLE = re.compile(r"((ba)?sh -l?c )?(sleep infinity|tail -f /dev/null)")
_HARMLESS = {"container_name", "hostname", "image", "init", "pull_policy", "restart", "stdin_open", "tty"}
_AT_TOP = {"services", "version", "name"}
_BUILD = {"context": (".", "./"), "dockerfile": ("Dockerfile", "./Dockerfile")}


@dataclass(frozen=True)
class Compose:
    """What a compose file says: the image that its service starts from ("" where one is built), and the keys that
    cannot be honoured."""

    image: str = ""
    problems: tuple[str, ...] = ()


def read_compose(text: str) -> Compose:
    """The meaning of a file: one that says no more than what Harbor does by itself is honoured, others are not.

    One that cannot be read is a problem too; nothing is raised.
    """
    try:
        tree = read_mapping(text)
    except ValueError as error:
        return Compose(problems=(str(error),))
    services = tree.get("services")
    if not isinstance(services, dict) or len(services) != 1:
        return Compose(problems=("not one service but several or none",))
    service = next(iter(services.values())) or {}
    if not isinstance(service, dict):
        return Compose(problems=("a service that is not a mapping",))
    top = [key for key, value in tree.items() if key not in _AT_TOP and not key.startswith("x-") and value]
    image = str(service.get("image") or "")
    built = "build" in service or "$" in image
    return Compose("" if built else image, (*top, *_problems(service)))


def _problems(service: Mapping[object, object]) -> Iterator[str]:
    for key, value in service.items():
        if key == "build":
            build = value if isinstance(value, dict) else {"context": value}
            for name, said in build.items():
                if said not in _BUILD.get(name, ()) and not _theirs(said):
                    yield f"build.{name}"
        elif key == "command":
            words = value if isinstance(value, list) else [value]
            if not _IDLE.fullmatch(" ".join(map(str, words)).replace('"', "").replace("'", "")):
                yield "command"
        elif key not in _HARMLESS and not _theirs(value):
            yield str(key)


def _theirs(value: object) -> bool:
    """Whether a value is empty, or made of nothing but the variables that Harbor fills in."""
    if isinstance(value, dict):
        return all(map(_theirs, value.values()))
    if isinstance(value, list):
        return all(map(_theirs, value))
    return value is None or bool(_THEIRS.fullmatch(str(value).strip()))
