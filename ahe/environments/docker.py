"""A task environment in a Docker container: what needs an image, or users other than root."""

import asyncio
import contextlib
import errno
import os
import posixpath
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ahe.environments import docker_api, docker_build, docker_shell
from ahe.environments.base import TaskEnvironment
from ahe.environments.inside.processes import CANNOT_RUN
from ahe.environments.layout import covered, mounted
from ahe.environments.limits import owner
from ahe.environments.link import Command
from ahe.environments.variables import resolve
from ahe.errors import AheError, EnvironmentLost, SandboxError
from ahe.records import EnvironmentSpec, ExecResult

T = TypeVar("T")
NOT_RUNNING = 409
IDLE = ("tail", "-f", "/dev/null")  # the container's command: it keeps the container running
MUCH = 1 << 30  # bytes


class DockerEnvironment(TaskEnvironment):
    """Implements `Environment` with one container, removed at `stop`.

    `dockerfile` or `image` gives the root file system; without a Dockerfile, `files` and `setup` are applied to it. The
    image's ENTRYPOINT runs and its HEALTHCHECK is waited for; its USER and WORKDIR hold where the task names none.
    `scratch` is not used. A container that a command brought down (out of memory, `kill -9 -1`) is started again: its
    files are kept, its processes are lost.
    """

    describe = "docker"

    def __init__(self, spec: EnvironmentSpec, scratch: Path) -> None:
        super().__init__(spec)
        self._container: Any = None
        self._stopped = self._serves = False
        self._user = "0"
        self._tokens: set[str] = set()  # of the commands that run
        self._threads = ThreadPoolExecutor(max_workers=32, thread_name_prefix="docker")

    async def start(self) -> None:
        """Builds or finds the image and starts the container. Raises SandboxError, and TaskError for a container that
        does not stay up."""
        try:
            await self._blocking(self._create)
            if self.spec.dockerfile is None:
                if self.spec.files:
                    files = await self._do(docker_api.archive_of_folder, self.spec.files)
                    await self._put(self.spec.workdir, files)
                await self._setup()
            self._serves = True
        except BaseException:
            await self.stop()
            raise

    async def _run(self, command: Command) -> ExecResult:
        token = secrets.token_hex(16)
        command = replace(command, user=command.user or self._user)
        self._tokens.add(token)
        try:
            done = await self._do(self._run_restarting, command, token)
            if done.timed_out:
                await self._do(self._kill, token)
            return done
        except asyncio.CancelledError:
            with contextlib.suppress(AheError):
                await asyncio.shield(self._do(self._kill, token))
            raise
        finally:
            self._tokens.discard(token)

    async def read(self, path: str) -> bytes:
        """Content of a regular file of at most 64 MB; a relative path starts at the work directory."""
        return await self._do(docker_api.read_file, self._container, self._path(path))

    async def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Writes a file, and makes the folders above it. A link at that path is replaced."""
        path = self._path(path)
        archive = docker_api.archive_of_file(posixpath.basename(path), data, mode)
        await self._put(posixpath.dirname(path), archive)

    async def stop(self) -> None:
        """Ends all processes and removes the container. May be called twice."""
        self._stopped = True
        container, self._container = self._container, None
        if container is not None:
            await self._blocking(_remove, container)
        self._threads.shutdown(wait=False)

    # ---------------------------------------------------------------- in a thread

    def _create(self) -> None:
        image = docker_build.image_for(self.spec)
        config = image.attrs.get("Config") or {}
        if not self.spec.workdir:
            self.spec = self.spec.model_copy(update={"workdir": config.get("WorkingDir") or "/"})
        self._user = config.get("User") or "0"
        self._container = self._make_container(image)
        if self._stopped:  # cancelled meanwhile: nothing else would remove it
            _remove(self._container)
            return
        self._container.start()
        if config.get("Entrypoint") or config.get("Healthcheck"):
            docker_api.await_ready(self._container, IDLE, self.spec)

    def _make_container(self, image: Any) -> Any:
        from docker.types import Ulimit

        spec = self.spec
        cover = covered(mounted(spec.mounts), spec.hidden)
        binds = [f"{m.host}:{m.inside}:{'rw' if m.writable else 'ro'}" for m in spec.mounts]
        binds += [f"/dev/null:{path}:ro" for path, is_dir in cover if not is_dir]
        labels = {docker_api.LABEL: "1", docker_api.OWNER: owner(), docker_api.HOST: os.uname().nodename}
        size = spec.file_mb << 20
        return docker_api.client().containers.create(
            image,
            command=list(IDLE),
            init=True,
            hostname="sandbox",
            working_dir=spec.workdir,
            environment=resolve(spec.env),
            network_mode=None if spec.network else "none",
            mem_limit=spec.memory_mb << 20,
            memswap_limit=spec.memory_mb << 20,
            pids_limit=spec.processes + 2,  # Docker's init, and `tail`, which keeps the container running
            # A task may ask for more than this machine has: its limit is then no limit.
            nano_cpus=int(min(spec.cpus, docker_api.cpus()) * 1e9) if spec.cpus else None,
            ulimits=[Ulimit(name=n, soft=most, hard=most) for n, most in (("fsize", size), ("core", 0))],
            volumes=binds,
            tmpfs={path: "ro,size=4k" for path, is_dir in cover if is_dir},
            labels=labels,
        )

    def _run_restarting(self, command: Command, token: str) -> ExecResult:
        """Runs a command in the container, which is started again if it is down."""
        from docker.errors import APIError

        reason = ""
        for attempt in range(4):
            time.sleep(0.2 * attempt)  # a container that is going down still reports `running` for a moment
            if not self._is_up():
                self._container.start()
            try:
                return docker_shell.run(self._container.client.api, self._container.id, command, token)
            except docker_shell.Ended as ended:
                for _ in range(10):
                    if not self._is_up():  # the container went down too
                        break
                    time.sleep(0.1)
                return ExecResult(exit_code=137, output=ended.output, omitted=ended.omitted)
            except docker_shell.NotStarted as failure:
                reason = str(failure)
            except APIError as error:
                if error.status_code != NOT_RUNNING and self._is_up():
                    raise
                reason = str(error.explanation)
        return ExecResult(exit_code=CANNOT_RUN, output=f"cannot start a process: {reason}\n".encode())

    def _is_up(self) -> bool:
        self._container.reload()
        return bool(self._container.status == "running")

    def _kill(self, token: str) -> None:
        from docker.errors import APIError

        api = self._container.client.api
        with contextlib.suppress(APIError):
            if docker_shell.kill(api, self._container.id, token, alone=len(self._tokens) == 1):
                return
        # No process can be started to kill the others: only ending all of them helps.
        self._container.restart(timeout=0)

    # ---------------------------------------------------------------- helpers

    async def _put(self, folder: str, archive: bytes) -> None:
        try:
            await self._do(docker_api.put_archive, self._container, folder, archive)
        except FileNotFoundError:
            made = await self.exec('mkdir -p -- "$FOLDER"', env={"FOLDER": folder}, cwd="/", user="0")
            if made.exit_code:
                raise OSError(errno.ENOTDIR, made.text.strip(), folder) from None
            await self._do(docker_api.put_archive, self._container, folder, archive)

    async def _do(self, function: Callable[..., T], *arguments: Any) -> T:
        """A blocking call that needs the container, in a thread."""
        if self._container is None:
            raise SandboxError("the container is not running: call start() first")
        return await self._blocking(function, *arguments)

    async def _blocking(self, function: Callable[..., T], *arguments: Any) -> T:
        """Runs in a thread. Errors of the daemon and its client become SandboxErrors, or EnvironmentLost (`_blame`)."""
        from docker.errors import DockerException
        from requests import RequestException

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)
        except (DockerException, RequestException) as error:
            raise await self._blame(error) from error

    async def _blame(self, error: Exception) -> AheError:
        """Who is to blame for Docker's error: the commands inside, once some may have run, if the daemon is well.

        They can break a container, for example so that it does not start again; not the daemon, nor the container's
        existence, nor the room on its disk unless they wrote much.
        """
        problem = f"{self.spec.name}: Docker failed: {error}"
        if self._serves and self._container is not None:
            needed = MUCH if docker_api.NO_SPACE in str(error) else 0
            loop = asyncio.get_running_loop()
            if await loop.run_in_executor(self._threads, docker_api.has_written, self._container, needed):
                return EnvironmentLost(f"{problem}, because of what its commands did")
        return SandboxError(problem)


def _remove(container: Any) -> None:
    from docker.errors import NotFound

    with contextlib.suppress(NotFound):
        container.remove(force=True, v=True)
