"""Base classes of environments: what all of them do, and what those do whose commands `init.py` runs."""

import asyncio
import errno
import os
import posixpath
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ahe.environments.inside.processes import CANNOT_RUN
from ahe.environments.launch import Launched
from ahe.environments.link import Command, Link
from ahe.errors import AheError, EnvironmentLost, SandboxError, TaskError
from ahe.records import EnvironmentSpec, ExecResult

ROOT = ("", "root", "0")
SETUP = "/tmp/.setup.sh"
KILLED = (-9, 128 + 9)  # by SIGKILL: bwrap itself, and process 1 as bwrap reports it
MAX_PATH = 4096  # what Linux takes
MAX_COMMAND = 120_000  # bytes: what Linux takes as one argument


class TaskEnvironment(ABC):
    """What every environment does in the same way: relative paths, impossible commands, the task's setup."""

    describe: str

    def __init__(self, spec: EnvironmentSpec) -> None:
        self.spec = spec

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
        problem = ""
        if "\0" in command + (cwd or "") or len(cwd or "") > MAX_PATH:
            problem = "a command or its directory cannot contain a zero byte, nor a path be over 4096 long\n"
        elif len(command.encode("utf-8", "surrogatepass")) > MAX_COMMAND:
            problem = f"a command is at most {MAX_COMMAND} bytes long: write a file and run that\n"
        if problem:
            return ExecResult(exit_code=CANNOT_RUN, output=problem.encode())
        place = self._path(cwd) if cwd else self.spec.workdir
        return await self._run(Command(command, place, not cwd, env or {}, user, timeout, output_limit))

    @abstractmethod
    async def _run(self, command: Command) -> ExecResult:
        """Runs a command that has no zero byte and is not too long."""

    @abstractmethod
    async def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Writes a file, and makes the folders above it."""

    async def _setup(self) -> None:
        """Runs the task's `environment/setup.sh`, if it has one, as root in the work directory.

        Raises TaskError when it fails or takes too long.
        """
        if self.spec.setup is None:
            return
        await self.write(SETUP, await asyncio.to_thread(Path(self.spec.setup).read_bytes), 0o755)
        command = f"bash {SETUP}; code=$?; rm -f {SETUP}; exit $code"
        done = await self.exec(command, timeout=self.spec.build_seconds, user="root")
        if done.exit_code:
            why = "took too long" if done.timed_out else f"failed with exit code {done.exit_code}"
            text = done.text[-1000:].strip()
            raise TaskError(f"{self.spec.name}: environment/setup.sh {why}: {text}")

    def _path(self, path: str) -> str:
        if "\0" in path:
            raise OSError(errno.EINVAL, "a path cannot contain a zero byte", path)
        if len(path) > MAX_PATH:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), path[:100])
        return posixpath.join(self.spec.workdir, path)


class LinkedEnvironment(TaskEnvironment):
    """An environment whose commands are run by `init.py`, a process of this machine behind two pipes."""

    exposed = False
    """Whether commands can kill `init.py`, which they cannot where it is process 1 of a namespace."""
    _launched: Launched | None = None
    _link: Link | None = None

    async def _open(self, launched: Launched) -> None:
        """Sends `init.py` its code, waits until it serves, and runs the task's setup."""
        self._launched = launched
        launched.send_score()
        self._link = Link(launched.stdin, launched.stdout)
        await self._link.open()
        await self._setup()
        self._link.blame = self._blame

    async def read(self, path: str) -> bytes:
        """Content of a regular file of at most 64 MB; a relative path starts at the work directory."""
        return await self._opened().read(self._path(path))

    async def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        await self._opened().write(self._path(path), data, mode)

    async def _blame(self, problem: str, ended: bool) -> AheError:
        """Who is to blame for a sandbox that served, and then did not: the commands inside, if anything allows that.

        Only the host can kill process 1, unless the kernel does so because memory was used up; and then it kills every
        other process inside, and any larger one outside, before.
        """
        launched = self._launched
        if launched is None:
            return SandboxError("the environment was stopped")
        if ended and not self.exposed and await launched.exit_code() in KILLED:
            if not launched.limiter.ran_out_of_memory():
                return SandboxError(f"{problem}: its first process was killed from outside")
            problem += ": its memory was used up"
        return EnvironmentLost(f"{problem}, because of what its commands did")

    async def _close(self) -> None:
        """Ends all processes. May be called twice."""
        launched, link, self._launched, self._link = self._launched, self._link, None, None
        if launched:
            await launched.close()
        if link:
            await link.close()

    def _opened(self) -> Link:
        if self._link is None:
            raise SandboxError("the environment is not running: call start() first")
        return self._link


class NoEnvironment:
    """The environment of a question that is answered in words: it has no shell and no files."""

    describe = "none"

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def exec(self, command: str, **options: Any) -> ExecResult:
        return ExecResult(exit_code=CANNOT_RUN, output=b"there is no shell here: answer in words\n")

    async def read(self, path: str) -> bytes:
        raise FileNotFoundError(errno.ENOENT, "there are no files here: answer in words", path)

    async def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        raise OSError(errno.EROFS, "there are no files here: answer in words", path)
