"""What a task asks for that cannot be honoured. Nothing here is ever ignored: it is refused by name."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ahe.errors import UnsupportedTask
from ahe.evaluate import dockerfile
from ahe.records import Task

COMPOSE = tuple(f"{stem}.{end}" for stem in ("docker-compose", "compose") for end in ("yaml", "yml"))

# Keys that merely have to be absent, empty, false or 0; each with the feature's name for people.
_UNSUPPORTED = {
    "environment.gpus": "GPUs",
    "environment.gpu_types": "GPU types",
    "environment.tpu": "a TPU",
    "environment.mcp_servers": "MCP servers",
    "environment.sidecars": "sidecars",
    "environment.skills_dir": "a skills_dir for the agent",
    "environment.healthcheck": "a health check of the environment",
    "verifier.environment": "a separate environment for the verifier",
    "verifier.collect": "collect commands before verification",
    "artifacts": "artifacts to collect",
    "steps": "several steps",
    "multi_step_reward_strategy": "a reward over several steps",
}
_KNOWN = {
    "": "schema_version version source task metadata agent verifier environment solution artifacts steps "
    "multi_step_reward_strategy",
    "agent": "timeout_sec user network_mode allowed_hosts",
    "verifier": "timeout_sec env user network_mode allowed_hosts environment_mode environment collect",
    "solution": "env",
    "environment": "build_timeout_sec docker_image os cpus memory_mb storage_mb memory storage gpus "
    "gpu_types tpu mcp_servers sidecars env skills_dir healthcheck workdir network_mode allowed_hosts "
    "allow_internet",
}
_TEMPLATE = re.compile(r"\$\{([^}:]+)(?::-(.*))?\}", re.DOTALL)


def refuse(task: Task, *, allow_network: bool, kind: str) -> None:
    """Raise `UnsupportedTask` that names every feature of `task` which cannot be honoured.

    `kind` is the environment asked for (`auto`, `bwrap`, `docker`, `unsafe`); `allow_network` is the
    user's policy, not the task's wish.
    """
    found = tuple(unsupported(task, allow_network=allow_network, kind=kind))
    if found:
        raise UnsupportedTask(
            f"task {task.name} asks for what cannot be honoured: {'; '.join(found)}. "
            "Leave it out of the suite, or change the task."
        )


def unsupported(
    task: Task, *, allow_network: bool, kind: str, host: Mapping[str, str] = os.environ
) -> Iterator[str]:
    """The features that `refuse` names. `host` holds the variables that a `${NAME}` would read."""
    for key, name in _UNSUPPORTED.items():
        if _at(task.raw, key):
            yield f"{name} ({key})"
    if (system := str(_at(task.raw, "environment.os") or "linux").lower()) != "linux":
        yield f"operating system {system} (environment.os)"
    if _at(task.raw, "verifier.environment_mode") == "separate":
        yield "a separate environment for the verifier (verifier.environment_mode)"
    yield from _files(task)
    yield from _network(task, allow_network)
    yield from _variables(task, host)
    if "$" in task.environment.workdir:
        yield f"a work directory with a variable in it ({task.environment.workdir}): set environment.workdir"
    if kind in ("bwrap", "unsafe") and (reason := needs_docker(task)):
        yield f"Docker, because {reason} (environment kind {kind})"
    if kind == "docker" and not (task.environment.image or task.environment.dockerfile):
        yield "an environment without environment/Dockerfile and docker_image, which Docker cannot build"


def needs_docker(task: Task) -> str | None:
    """Why bubblewrap cannot serve the task; None where it can."""
    spec = task.environment
    if spec.image:
        return f"its image is {spec.image}"
    if spec.users:
        return "it names a user: " + ", ".join(spec.users)
    folder = Path(task.path, "environment")
    if not spec.dockerfile:
        return None
    found = dockerfile.instructions(Path(folder, "Dockerfile").read_text("utf-8"))
    return dockerfile.beyond_bubblewrap(
        found, spec.workdir, files=_holds_files(folder / "files"), setup=(folder / "setup.sh").is_file()
    )


def resolve(variables: Mapping[str, str]) -> dict[str, str]:
    """Environment variables as a task means them, where no host variable is handed on.

    `${NAME:-value}` becomes its value. `refuse` has named every template that this would get wrong.
    """
    found = {}
    for key, value in variables.items():
        match = _TEMPLATE.fullmatch(value)
        found[key] = (match[2] or "") if match else value
    return found


def unknown_keys(task: Task) -> tuple[str, ...]:
    """Keys that the format does not have, as `section.key`: often a slip that people should see."""
    found = []
    for section, known in _KNOWN.items():
        table = task.raw.get(section, {}) if section else task.raw
        found += [f"{section}.{key}".lstrip(".") for key in table if key not in known.split()]
    return tuple(found)


def _at(raw: dict[str, Any], key: str) -> Any:
    value: Any = raw
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _files(task: Task) -> Iterator[str]:
    names = set(os.listdir(task.path))
    folder = os.path.join(task.path, "environment")
    inside = set(os.listdir(folder)) if "environment" in names else set()
    yield from (f"Docker Compose (environment/{name})" for name in COMPOSE if name in inside)
    if "steps" in names and not task.raw.get("steps"):
        yield "several steps (steps/)"
    if "trajectory.json" in names:
        yield "a conversation to go on from (trajectory.json)"
    places = [name for name in ("", "tests", "solution") if not name or name in names]
    if any(os.path.exists(os.path.join(task.path, place, ".harborignore")) for place in places):
        yield "files left out by .harborignore"


def _network(task: Task, allow_network: bool) -> Iterator[str]:
    base = _at(task.raw, "environment.network_mode")
    if base is None:
        base = "no-network" if _at(task.raw, "environment.allow_internet") is False else "public"
    agent = _at(task.raw, "agent.network_mode") or base
    verifier = _at(task.raw, "verifier.network_mode") or base
    if "allowlist" in (agent, verifier):
        yield "a network of listed hosts only (network_mode allowlist)"
    elif agent != verifier:
        yield f"a network for one phase only (agent {agent}, verifier {verifier})"
    elif agent == "public" and not allow_network:
        yield "the network (network_mode public), which your policy forbids"


def _variables(task: Task, host: Mapping[str, str]) -> Iterator[str]:
    # Trials are pooled by the task's digest, which knows nothing of the host's variables; and the host's
    # keys have no business in a sandbox.
    for section in ("environment", "verifier", "solution"):
        for value in (_at(task.raw, f"{section}.env") or {}).values():
            match = _TEMPLATE.fullmatch(value)
            if match and (match[2] is None or match[1] in host):
                yield f"the host's variable {match[1]} ({section}.env)"


def _holds_files(folder: Path) -> bool:
    return any(files for _, _, files in os.walk(folder))
