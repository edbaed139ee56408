"""Picks the environment for a task."""

from pathlib import Path
from typing import Literal

from ahe.environments.bwrap import BwrapEnvironment, reasons_against
from ahe.environments.sandbox import probe
from ahe.errors import SandboxError, UsageError
from ahe.protocols import Environment
from ahe.records import EnvironmentSpec


def make(kind: str, spec: EnvironmentSpec, scratch: Path) -> Environment:
    """An environment for a task, not yet started. `kind` is `auto`, `bwrap`, `docker` or `unsafe`.

    `auto` is bubblewrap where the task and the machine allow it, else Docker. Raises SandboxError if neither
    works, UnsupportedTask if the kind that was asked for cannot run the task.
    """
    chosen = pick(spec) if kind == "auto" else kind
    if chosen == "bwrap":
        return BwrapEnvironment(spec, scratch)
    if chosen == "docker":
        from ahe.environments.docker import DockerEnvironment

        return DockerEnvironment(spec, scratch)
    if chosen == "unsafe":
        from ahe.environments.unsafe import DirectEnvironment

        return DirectEnvironment(spec, scratch)
    raise UsageError(f"there is no environment {kind!r}: use auto, bwrap or docker")


def pick(spec: EnvironmentSpec) -> Literal["bwrap", "docker"]:
    """What `auto` means for this task on this machine. Raises SandboxError, naming both problems."""
    against = reasons_against(spec)
    status = probe()
    if not against and status.works:
        return "bwrap"
    why = against[0] if against else f"{status.problem}: {status.fix}"
    if spec.dockerfile is None and spec.image is None:
        raise SandboxError(
            f"{spec.name}: bubblewrap cannot run it ({why}), and it has no image for Docker: give it an "
            "environment/Dockerfile or docker_image"
        )
    from ahe.environments.docker_api import client

    try:
        client()
    except SandboxError as error:
        raise SandboxError(f"{spec.name}: bubblewrap cannot run it ({why}), and {error}") from error
    return "docker"
