"""Calls of the Docker daemon: find, build or pull images, copy files in and out, remove leftover containers."""

from __future__ import annotations

import errno
import functools
import hashlib
import io
import os
import posixpath
import tarfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ahe.environments.inside.data import READ_LIMIT
from ahe.environments.limits import is_alive
from ahe.errors import SandboxError
from ahe.records import EnvironmentSpec

LABEL, OWNER, HOST = "ahe", "ahe.owner", "ahe.host"
NO_DAEMON = (
    "start it (`sudo systemctl start docker`), or set DOCKER_HOST to another one, or add your user to the "
    "group `docker`; tasks that need no image also run in bubblewrap"
)
LINKS = 20
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
    """Removes containers left behind by `ahe` processes of this machine that were killed."""
    from docker.errors import APIError

    filters = {"label": [f"{LABEL}=1", f"{HOST}={os.uname().nodename}"]}
    for container in found.containers.list(all=True, filters=filters, ignore_removed=True):
        if not is_alive(container.labels.get(OWNER, "")):
            try:
                container.remove(force=True, v=True)
            except APIError:
                continue


def image_for(spec: EnvironmentSpec) -> str:
    """Name of the task's image, which is built or pulled if it is missing. Blocks. Raises SandboxError."""
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
        # The client's timeout applies to each read, the deadline to the whole build.
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


# ---------------------------------------------------------------- files, copied by the daemon


def read_file(container: Any, path: str) -> bytes:
    """Content of a regular file, links followed. Raises FileNotFoundError and other OSErrors."""
    from docker.errors import NotFound

    for _ in range(LINKS):
        try:
            pieces, _ = container.get_archive(path)
        except NotFound:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
        with tarfile.open(fileobj=_Pieces(pieces), mode="r|") as tar:
            entry = tar.next()
            if entry is None or entry.isdir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
            if not entry.issym():
                return _content(tar, entry, path)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.linkname))
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def archive_of_file(name: str, data: bytes, mode: int) -> bytes:
    """A tar archive with one file in it."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(data), mode
        tar.addfile(entry, io.BytesIO(data))
    return archive.getvalue()


def archive_of_folder(folder: str) -> bytes:
    """A tar archive with a host folder's content, owned by root."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(folder, arcname=".", filter=_owned_by_root)
    return archive.getvalue()


def put_archive(container: Any, folder: str, archive: bytes) -> None:
    """Unpacks an archive in a folder of the container.

    Raises FileNotFoundError if the folder does not exist, NotADirectoryError if the path is not a folder.
    """
    from docker.errors import APIError, NotFound

    try:
        container.put_archive(folder, archive)
    except NotFound:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder) from None
    except APIError as error:
        # A file where a folder must be, or the reverse: older daemons report that as a server error.
        if error.is_client_error() or "directory" in str(error.explanation):
            raise NotADirectoryError(errno.ENOTDIR, str(error.explanation), folder) from error
        raise


class _Pieces(io.RawIOBase):
    """A file object that reads from an iterator of bytes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._held = pieces, b""

    def read(self, size: int = -1) -> bytes:
        while len(self._held) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._held += piece
        data, self._held = self._held[:size], self._held[size:]
        return data


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo, path: str) -> bytes:
    if not entry.isreg():
        raise OSError(errno.EINVAL, "not a regular file", path)
    if entry.size > READ_LIMIT:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    file = tar.extractfile(entry)
    return file.read() if file else b""


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry
