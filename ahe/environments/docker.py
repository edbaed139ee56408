"""A task environment in a Docker container: what needs an image, or users other than root."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import io
import os
import posixpath
import tarfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from ahe.environments import docker_image
from ahe.environments.docker_shell import Command, Ended
from ahe.environments.inside.files import READ_LIMIT
from ahe.environments.layout import covered, mounted
from ahe.environments.link import refusal
from ahe.environments.owner import owner
from ahe.environments.setup import run_setup
from ahe.errors import SandboxError
from ahe.records import EnvironmentSpec, ExecResult

T = TypeVar("T")
LINKS = 20


class DockerEnvironment:
    """Implements `Environment` with one container, removed at `stop`.

    `dockerfile` or `image` gives the root file system; without a Dockerfile, `files` and `setup` are applied
    to it. `scratch` is not needed and not touched. A container that its commands brought down (out of
    memory, `kill -9 -1`) is started again, with its files and without its processes.
    """

    describe = "docker"

    def __init__(self, spec: EnvironmentSpec, scratch: Path) -> None:
        self.spec = spec
        self._container: Any = None
        self._running: set[str] = set()
        self._threads = ThreadPoolExecutor(max_workers=32, thread_name_prefix="docker")

    async def start(self) -> None:
        """Builds or finds the image and starts the container. Raises SandboxError."""
        try:
            self._container = await self._do(self._create)
            await self._do(self._container.start)
            if self.spec.dockerfile is None:
                await self._fill()
        except BaseException:
            await self.stop()
            raise

    async def exec(
        self,
        command: str,
        *,
        timeout: float = 120.0,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
        user: str | None = None,
        output_limit: int = 1_000_000,
    ) -> ExecResult:
        """See `protocols.Environment`; a command that cannot be started exits with 126 and says why."""
        refused = refusal(command)
        if refused:
            return refused
        task = Command.new(command, self._path(cwd or ""), dict(env or {}), user or "0")
        self._running.add(task.token)
        try:
            done = await self._do(self._run, task, timeout, output_limit)
            if done is None:
                await self._do(self._kill, task)
                done = task.cut()
            return done
        except asyncio.CancelledError:
            await asyncio.shield(self._do(self._kill, task))
            raise
        finally:
            self._running.discard(task.token)

    async def read(self, path: str) -> bytes:
        """Content of a regular file of at most 64 MB; a relative path starts at the work directory."""
        return await self._do(self._read, self._path(path))

    async def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Writes a file, and makes the folders above it. A link at its place is replaced."""
        path = self._path(path)
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            entry = tarfile.TarInfo(posixpath.basename(path))
            entry.size, entry.mode = len(data), mode
            tar.addfile(entry, io.BytesIO(data))
        await self._put(posixpath.dirname(path), archive.getvalue())

    async def stop(self) -> None:
        """Ends all processes and removes the container. May be called twice."""
        container, self._container = self._container, None
        if container is not None:
            await self._do(functools.partial(_remove, container))
        self._threads.shutdown(wait=False)

    # ---------------------------------------------------------------- in a thread

    def _create(self) -> Any:
        spec = self.spec
        image = docker_image.image_for(spec)
        cover = covered(mounted(spec.mounts), spec.hidden)
        binds = [f"{m.host}:{m.inside}:{'rw' if m.writable else 'ro'}" for m in spec.mounts]
        binds += [f"/dev/null:{path}:ro" for path, is_dir in cover if not is_dir]
        labels = {
            docker_image.LABEL: "1",
            docker_image.OWNER: owner(),
            docker_image.HOST: os.uname().nodename,
        }
        size = spec.file_mb << 20
        return docker_image.client().containers.create(
            image,
            entrypoint=["tail", "-f", "/dev/null"],
            command=[],
            init=True,
            user="0",
            hostname="sandbox",
            working_dir=spec.workdir,
            environment=dict(spec.env),
            network_mode=None if spec.network else "none",
            mem_limit=spec.memory_mb << 20,
            memswap_limit=spec.memory_mb << 20,
            pids_limit=spec.processes + 2,  # its init and the process that keeps it open
            nano_cpus=int(spec.cpus * 1e9) if spec.cpus else None,
            ulimits=[_ulimit("fsize", size), _ulimit("core", 0)],
            volumes=binds,
            tmpfs={path: "ro,size=4k" for path, is_dir in cover if is_dir},
            labels=labels,
        )

    def _run(self, task: Command, timeout: float, output_limit: int) -> ExecResult | None:
        api = self._container.client.api
        self._revive()
        try:
            return task.run(api, self._container.id, timeout, output_limit)
        except Ended as ended:
            return ExecResult(exit_code=137, output=ended.output, omitted=ended.omitted)

    def _kill(self, task: Command) -> None:
        from docker.errors import APIError

        api = self._container.client.api
        with contextlib.suppress(APIError):
            if task.kill(api, self._container.id, alone=len(self._running) == 1):
                return
        # No process can be started to kill the others: only ending all of them helps.
        self._container.restart(timeout=0)

    def _revive(self) -> None:
        self._container.reload()
        if self._container.status != "running":
            self._container.start()

    def _read(self, path: str) -> bytes:
        from docker.errors import NotFound

        for _ in range(LINKS):
            try:
                pieces, _ = self._container.get_archive(path)
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

    # ---------------------------------------------------------------- helpers

    async def _fill(self) -> None:
        spec = self.spec
        if spec.files:
            archive = io.BytesIO()
            with tarfile.open(fileobj=archive, mode="w") as tar:
                tar.add(spec.files, arcname=".", filter=_owned_by_root)
            await self._put(spec.workdir, archive.getvalue())
        await run_setup(self, spec)

    async def _put(self, folder: str, archive: bytes) -> None:
        from docker.errors import APIError

        try:
            await self._do(self._put_archive, folder, archive)
        except FileNotFoundError:
            made = await self.exec('mkdir -p -- "$FOLDER"', env={"FOLDER": folder}, cwd="/")
            if made.exit_code:
                raise OSError(errno.ENOTDIR, made.text.strip(), folder) from None
            await self._do(self._put_archive, folder, archive)
        except APIError as error:
            raise OSError(errno.EIO, str(error), folder) from error

    def _put_archive(self, folder: str, archive: bytes) -> None:
        from docker.errors import NotFound

        try:
            self._container.put_archive(folder, archive)
        except NotFound:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder) from None

    def _path(self, path: str) -> str:
        return posixpath.join(self.spec.workdir, path)

    async def _do(self, function: Callable[..., T], *arguments: Any) -> T:
        """Runs a blocking call in a thread; what the daemon says becomes a SandboxError."""
        from docker.errors import DockerException

        if (
            self._container is None
            and function not in (self._create,)
            and not isinstance(function, functools.partial)
        ):
            raise SandboxError("the container is not running: call start() first")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        except DockerException as error:
            raise SandboxError(f"{self.spec.name}: Docker failed: {error}") from error


class _Pieces(io.RawIOBase):
    """A stream of bytes objects as a file to read from."""

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


def _remove(container: Any) -> None:
    from docker.errors import NotFound

    with contextlib.suppress(NotFound):
        container.remove(force=True, v=True)


def _ulimit(name: str, value: int) -> Any:
    from docker.types import Ulimit

    return Ulimit(name=name, soft=value, hard=value)
