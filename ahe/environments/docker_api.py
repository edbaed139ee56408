"""Calls of the Docker daemon: the client, files copied in and out, and leftover containers removed."""

import contextlib
import errno
import functools
import io
import itertools
import os
import posixpath
import tarfile
import time
from typing import Any, cast

from ahe.environments.inside.data import READ_LIMIT
from ahe.environments.limits import is_alive
from ahe.errors import SandboxError, TaskError
from ahe.records import EnvironmentSpec

LABEL, OWNER, HOST = "ahe", "ahe.owner", "ahe.host"
NO_DAEMON = (
    "start it (`sudo systemctl start docker`), or set DOCKER_HOST to another one, or add your user to the "
    "group `docker`; tasks that need no image also run in bubblewrap"
)
LINKS = 20
GO_FOLDER, GO_LINK = 1 << 31, 1 << 27  # bits of Go's FileMode
PIECE = 1 << 20  # bytes
ENTRYPOINT_SECONDS = 10.0
NO_SPACE, NO_CONTAINER = "no space left on device", "No such container"


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


@functools.cache
def cpus() -> int:
    """The processors of the daemon's machine."""
    return int(client().info()["NCPU"])


def sweep(found: Any) -> None:
    """Removes containers left behind by `ahe` processes of this machine that were killed."""
    from docker.errors import APIError

    filters = {"label": [f"{LABEL}=1", f"{HOST}={os.uname().nodename}"]}
    for container in found.containers.list(all=True, filters=filters, ignore_removed=True):
        if not is_alive(container.labels.get(OWNER, "")):
            with contextlib.suppress(APIError):
                container.remove(force=True, v=True)


def await_ready(container: Any, command: tuple[str, ...], spec: EnvironmentSpec) -> None:
    """Waits until the image's ENTRYPOINT has started our command (a service in the foreground never does) and its
    HEALTHCHECK passes. Raises TaskError where the container ends, or is not healthy."""
    began = time.monotonic()
    while True:
        container.reload()
        state = container.attrs["State"]
        if not state["Running"]:
            said = container.logs(tail=20).decode("utf-8", "replace")[-1000:].strip()
            raise TaskError(
                f"{spec.name}: its ENTRYPOINT ended with exit code {state['ExitCode']} and did not run the "
                f"command that it was given: {said}"
            )
        health, waited = (state.get("Health") or {}).get("Status"), time.monotonic() - began
        if health == "unhealthy" or (health == "starting" and waited > spec.build_seconds):
            log = state["Health"].get("Log") or [{}]
            said = str(log[-1].get("Output", ""))[-500:].strip()
            raise TaskError(f"{spec.name}: its HEALTHCHECK does not pass: {said}")
        if health != "starting" and (waited > ENTRYPOINT_SECONDS or _runs(container, command)):
            return
        time.sleep(0.05)


def _runs(container: Any, command: tuple[str, ...]) -> bool:
    from docker.errors import APIError

    try:
        processes = container.top()["Processes"] or []
    except APIError:  # it has just ended, or the daemon's machine has no `ps`
        return False
    return any(process[-1] == " ".join(command) for process in processes)


# ---------------------------------------------------------------- files, copied by the daemon


def read_file(container: Any, path: str) -> bytes:
    """Content of a regular file, links followed. Raises FileNotFoundError and other OSErrors."""
    from docker.errors import APIError

    for _ in range(LINKS):
        try:
            pieces, about = container.get_archive(path, chunk_size=PIECE)
        except APIError as error:
            raise _path_error(error, path) from error
        if about["mode"] & GO_LINK:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(path), about["linkTarget"]))
            continue
        if about["mode"] & GO_FOLDER:
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if about["size"] > READ_LIMIT:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
        # The file may have grown or changed since its size was told.
        archive = io.BytesIO(b"".join(itertools.islice(pieces, READ_LIMIT // PIECE + 1)))
        try:
            with tarfile.open(fileobj=archive) as tar:
                entry = tar.next()
                file = tar.extractfile(entry) if entry and entry.isreg() else None
                if file is None:
                    raise OSError(errno.EINVAL, "not a regular file", path)
                return file.read()
        except tarfile.TarError as error:
            raise OSError(errno.EIO, str(error), path) from error
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def has_written(container: Any, size: int) -> bool:
    """Whether the daemon answers, and has the container with at least this many bytes written in it."""
    from docker.errors import DockerException
    from requests import RequestException

    try:
        found = container.client.api.containers(all=True, size=size > 0, filters={"id": container.id})
    except (DockerException, RequestException):
        return False
    return bool(found) and found[0].get("SizeRw", 0) >= size


def _path_error(error: Any, path: str) -> Exception:
    """What the daemon's answer about a path means; the answer itself if it is not about the path."""
    text = str(error.explanation)
    if NO_CONTAINER in text or NO_SPACE in text:
        return cast("Exception", error)
    if error.status_code == 404:
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    return OSError(errno.EINVAL, text, path)


def archive_of_file(name: str, data: bytes, mode: int) -> bytes:
    """A tar archive with one file in it."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        add_file(tar, name, data, mode)
    return archive.getvalue()


def add_file(tar: tarfile.TarFile, name: str, data: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), mode
    tar.addfile(entry, io.BytesIO(data))


def archive_of_folder(folder: str) -> bytes:
    """A tar archive with a host folder's content, owned by root."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(folder, arcname=".", filter=owned_by_root)
    return archive.getvalue()


def put_archive(container: Any, folder: str, archive: bytes) -> None:
    """Unpacks an archive in a folder of the container.

    Raises FileNotFoundError if the folder does not exist, another OSError if it is not a folder.
    """
    from docker.errors import APIError

    try:
        container.put_archive(folder, archive)
    except APIError as error:
        raise _path_error(error, folder) from error


def owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """The entry, with root as its owner."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry
