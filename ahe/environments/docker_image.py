"""The daemon and the image that a task runs in: found, built once for each content, or pulled."""

from __future__ import annotations

import functools
import hashlib
import os
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from ahe.environments.owner import is_alive
from ahe.errors import SandboxError
from ahe.records import EnvironmentSpec

LABEL, OWNER, HOST = "ahe", "ahe.owner", "ahe.host"
NO_DAEMON = (
    "start it (`sudo systemctl start docker`), or name another with DOCKER_HOST, or add your user to the "
    "group `docker`; tasks without an image also run in bubblewrap"
)
_locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


@functools.cache
def client() -> Any:
    """The Docker client, made once. Raises SandboxError where no daemon answers."""
    import docker
    from docker.errors import DockerException

    try:
        found = docker.from_env(timeout=120, max_pool_size=64)
        found.ping()
    except (DockerException, OSError) as error:
        raise SandboxError(f"no Docker daemon answers: {NO_DAEMON} ({error})") from error
    sweep(found)
    return found


def sweep(found: Any) -> None:
    """Removes containers whose `ahe` process on this machine was killed."""
    from docker.errors import APIError

    filters = {"label": [f"{LABEL}=1", f"{HOST}={os.uname().nodename}"]}
    for container in found.containers.list(all=True, filters=filters, ignore_removed=True):
        if not is_alive(container.labels.get(OWNER, "")):
            try:
                container.remove(force=True, v=True)
            except APIError:
                continue


def image_for(spec: EnvironmentSpec) -> str:
    """Name of the task's image, there after the call. Blocks. Raises SandboxError."""
    if spec.dockerfile is None and spec.image is None:
        raise SandboxError(f"{spec.name}: it has neither a Dockerfile nor an image: run it with bubblewrap")
    tag = f"ahe-task:{context_digest(Path(spec.dockerfile))[:20]}" if spec.dockerfile else str(spec.image)
    with _locks[tag]:
        if not _is_here(tag):
            _build(spec, tag) if spec.dockerfile else _pull(tag)
    return tag


def context_digest(folder: Path) -> str:
    """Sha256 over names, modes and contents of a build context: equal contents share one image."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            content = os.readlink(path).encode()
        elif path.is_file():
            content = hashlib.sha256(path.read_bytes()).digest() + bytes([path.stat().st_mode & 0o100 != 0])
        else:
            continue
        total.update(name.encode("utf-8", "surrogateescape") + b"\0" + content + b"\n")
    return total.hexdigest()


def _is_here(tag: str) -> bool:
    from docker.errors import ImageNotFound

    try:
        client().images.get(tag)
    except ImageNotFound:
        return False
    return True


def _pull(tag: str) -> None:
    from docker.errors import APIError

    try:
        client().images.pull(tag)
    except (APIError, OSError) as error:
        fix = "check its name, or load it with `docker load`, or build it under that name"
        raise SandboxError(f"the image {tag} is not here and cannot be pulled: {fix} ({error})") from error


def _build(spec: EnvironmentSpec, tag: str) -> None:
    from docker.errors import APIError

    end = time.monotonic() + spec.build_seconds
    log: list[str] = []
    try:
        # The client's timeout bounds each silence, the deadline the whole.
        lines = client().api.build(
            path=spec.dockerfile,
            tag=tag,
            rm=True,
            forcerm=True,
            decode=True,
            timeout=int(spec.build_seconds) + 1,
        )
        for line in lines:
            log.append(str(line.get("stream") or line.get("error") or ""))
            if "error" in line:
                raise SandboxError(f"{spec.name}: its image does not build: {_tail(log)}")
            if time.monotonic() > end:
                raise TimeoutError
    except (APIError, TypeError) as error:
        raise SandboxError(f"{spec.name}: its image does not build: {error}") from error
    except OSError as error:
        text = f"{spec.name}: its image was not built within {spec.build_seconds:.0f} s (build_timeout_sec)"
        raise SandboxError(f"{text}: {_tail(log) or error}") from error


def _tail(log: list[str]) -> str:
    return "".join(log)[-1500:].strip()
