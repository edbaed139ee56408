"""Reads a task in Harbor's format, `task.toml` schema 1.0 to 1.4. What cannot be honoured is in `support`."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from ahe.environments.layout import installation
from ahe.errors import TaskError
from ahe.evaluate import dockerfile
from ahe.evaluate.support import needs_docker, refuse, resolve
from ahe.evaluate.taskfiles import TaskFiles, walk
from ahe.evaluate.toml import Table
from ahe.records import EnvironmentSpec, Task

__all__ = ["needs_docker", "read_task", "refuse"]

SCHEMAS = ("1.0", "1.1", "1.2", "1.3", "1.4")
NETWORKS = ("public", "no-network", "allowlist")
WORKDIR = "/app"
# Harbor's own defaults changed between versions, so the ones in force are written here.
AGENT_SECONDS = 900.0
VERIFIER_SECONDS = 600.0
BUILD_SECONDS = 600.0
CPUS = 1.0
MEMORY_MB = 2048
STORAGE_MB = 10240

_CANARY = re.compile(r"(<!--.*canary.*-->|#.*canary.*)", re.IGNORECASE)


def read_task(path: Path) -> Task:
    """The task in folder `path`; its name is the folder's name, relative paths are made absolute.

    Legacy forms (`version`, `allow_internet`, `memory = "2G"`, `storage`) mean what they meant. Unknown
    keys are kept in `raw`. Raises `TaskError` that names the file and the key.
    """
    root = Path(path).absolute()
    files = walk(root)
    if "task.toml" not in files.kept:
        raise TaskError(f"{root} holds no task: task.toml is missing")
    table = Table.read(files.kept["task.toml"], f"{root}/task.toml")
    _schema(table)
    agent, verifier = table.table("agent"), table.table("verifier")
    return Task(
        name=root.name,
        path=str(root),
        digest=files.digest,
        instruction=_instruction(files, table),
        environment=_environment(root, files, table),
        agent_seconds=agent.number("timeout_sec", AGENT_SECONDS),
        agent_user=agent.user("user"),
        verifier_seconds=verifier.number("timeout_sec", VERIFIER_SECONDS),
        verifier_env=resolve(verifier.variables("env")),
        verifier_user=verifier.user("user"),
        solution_env=resolve(table.table("solution").variables("env")),
        raw=table.raw,
    )


def strip_canary(text: str) -> str:
    """The instruction without the canary comments (and blank lines) that it starts with."""
    lines = text.split("\n")
    while lines and _CANARY.fullmatch(lines[0].strip()):
        lines.pop(0)
    while lines and not lines[0].strip():
        lines.pop(0)
    return "\n".join(lines)


def _schema(table: Table) -> None:
    key = "schema_version" if "schema_version" in table.raw else "version"
    version = table.text(key)
    if version is not None and version not in SCHEMAS:
        raise TaskError(
            f"{table.file}: {key} is {version!r}, and this version of ahe reads {SCHEMAS[0]} to {SCHEMAS[-1]}"
        )


def _instruction(files: TaskFiles, table: Table) -> str:
    """The instruction; empty where the task is one of those (steps, Windows) that `refuse` will name."""
    steps = bool(table.raw.get("steps")) or files.under("steps")
    windows = (table.table("environment").text("os") or "").lower() == "windows"
    if "tests/test.sh" not in files.hashes and not (steps or windows):
        raise TaskError(f"{files.root} has no verifier: tests/test.sh is missing")
    if "instruction.md" not in files.kept:
        if steps:
            return ""
        raise TaskError(f"{files.root} has no instruction: instruction.md is missing")
    text = strip_canary(files.text("instruction.md"))
    if not text.strip() and not steps:
        raise TaskError(f"{files.root}/instruction.md is empty")
    return text


def _environment(root: Path, files: TaskFiles, table: Table) -> EnvironmentSpec:
    section = table.table("environment")
    image = section.text("docker_image")
    built = "environment/Dockerfile" in files.kept
    found = dockerfile.instructions(files.text("environment/Dockerfile")) if built else ()
    directory = section.text("workdir") or dockerfile.workdir(found) or WORKDIR
    content, setup = files.under("environment/files"), "environment/setup.sh" in files.hashes
    docker_only = image is not None or (
        built and dockerfile.beyond_bubblewrap(found, directory, files=content, setup=setup)
    )
    users = (table.table(name).user("user") for name in ("agent", "verifier"))
    return EnvironmentSpec(
        name=root.name,
        workdir=posixpath.normpath(posixpath.join("/", directory)),
        files=f"{root}/environment/files" if content and not docker_only else None,
        setup=f"{root}/environment/setup.sh" if setup and not docker_only else None,
        dockerfile=f"{root}/environment" if built and image is None else None,
        image=image,
        env=resolve(section.variables("env")),
        network=_network(table) == "public",
        memory_mb=section.megabytes("memory_mb", "memory", MEMORY_MB),
        file_mb=section.megabytes("storage_mb", "storage", STORAGE_MB),
        cpus=section.number("cpus", CPUS),
        build_seconds=section.number("build_timeout_sec", BUILD_SECONDS),
        hidden=_hidden(root),
        users=tuple(sorted({user for user in users if user not in (None, "root", "0")})),
    )


def _network(table: Table) -> str:
    """The mode that holds while the agent works: its own, else the environment's, else `public`."""
    section = table.table("environment")
    legacy = section.flag("allow_internet")
    mode = section.choice("network_mode", NETWORKS)
    if mode is None and legacy is not None:
        mode = "public" if legacy else "no-network"
    for part in (section, table.table("agent"), table.table("verifier")):
        chosen = part.choice("network_mode", NETWORKS)
        if part.strings("allowed_hosts") and chosen != "allowlist":
            raise TaskError(
                f'{part.file}: {part.prefix}allowed_hosts needs {part.prefix}network_mode = "allowlist"'
            )
    return table.table("agent").choice("network_mode", NETWORKS) or mode or "public"


def _hidden(root: Path) -> tuple[str, ...]:
    """No sandbox may show the verifiers: the folder of tasks, unless that is a top-level folder."""
    tasks = root.parent if len(root.parent.parts) > 2 else root
    return (str(tasks), *(str(path) for path in installation()))
