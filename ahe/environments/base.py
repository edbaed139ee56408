"""Base classes of environments: what all of them do, and the pipes to `init.py` of those without a daemon."""

from __future__ import annotations

import asyncio
import functools
import itertools
import marshal
import os
import posixpath
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahe.environments.inside import init
from ahe.environments.launch import Launched
from ahe.errors import SandboxError, TaskError
from ahe.records import EnvironmentSpec, ExecResult

ROOT = ("", "root", "0")
SETUP = "/tmp/.setup.sh"
PARTS = ("data", "processes", "init")  # each imports only from those before it
# The program that the interpreter inside starts with: it reads the modules of `program()` from stdin.
BOOT = """\
import marshal, sys
for name, code in marshal.load(sys.stdin.buffer):
    module = sys.modules[name] = type(sys)(name)
    exec(code, module.__dict__)
module.main()"""
GRACE = 60.0  # seconds that a loaded machine may be late
MAX_COMMAND = 120_000  # bytes: what Linux takes as one argument
NO_ANSWER = "the sandbox does not answer: the machine may be overloaded"


@dataclass(frozen=True)
class Command:
    """What `exec` was asked for, with an absolute working directory."""

    text: str
    cwd: str
    env: Mapping[str, str]
    user: str | None
    timeout: float
    output_limit: int


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
        if "\0" in command:
            problem = "a command cannot contain a zero byte\n"
        elif len(command.encode("utf-8", "surrogateescape")) > MAX_COMMAND:
            problem = f"a command is at most {MAX_COMMAND} bytes long: write a file and run that\n"
        if problem:
            return ExecResult(exit_code=init.CANNOT_RUN, output=problem.encode())
        return await self._run(
            Command(command, self._path(cwd or ""), env or {}, user, timeout, output_limit)
        )

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
        return posixpath.join(self.spec.workdir, path)


class LinkedEnvironment(TaskEnvironment):
    """An environment whose commands are run by `init.py`, a process of this machine behind two pipes."""

    _launched: Launched | None = None
    _link: Link | None = None

    async def _open(self, launched: Launched) -> None:
        """Sends `init.py` its code, waits until it serves, and runs the task's setup."""
        self._launched = launched
        self._link = Link(launched.stdin, launched.stdout)
        await self._link.open()
        await self._setup()

    async def read(self, path: str) -> bytes:
        """Content of a regular file of at most 64 MB; a relative path starts at the work directory."""
        return await self._opened().read(self._path(path))

    async def write(self, path: str, data: bytes, mode: int = 0o644) -> None:
        await self._opened().write(self._path(path), data, mode)

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


@functools.cache
def program() -> bytes:
    """The modules that run inside, compiled: the sandbox uses the interpreter that runs this code."""
    folder = Path(init.__file__).parent
    package = init.__name__.rpartition(".")[0]
    sources = [(f"{package}.{part}", (folder / f"{part}.py").read_bytes()) for part in PARTS]
    return marshal.dumps([(name, compile(source, name, "exec")) for name, source in sources])


class Link:
    """The host's end of the pipes to `init.py`. Every method raises SandboxError once the other end is gone."""

    def __init__(self, stdin: asyncio.StreamWriter, stdout: asyncio.StreamReader) -> None:
        self._stdin, self._stdout = stdin, stdout
        self._numbers = itertools.count(1)
        self._ready: asyncio.Future[tuple[int, int, bytes, int]] = asyncio.get_running_loop().create_future()
        self._pending = {0: self._ready}
        self._reader: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Sends the program and waits until it serves."""
        self._reader = asyncio.create_task(self._read())
        self._stdin.write(program())
        try:
            async with asyncio.timeout(GRACE):
                await self._ready
        except TimeoutError as error:
            raise SandboxError(NO_ANSWER) from error

    async def exec(self, command: Command, variables: Mapping[str, str]) -> ExecResult:
        """Runs a command; its own variables override the given ones.

        When the caller is cancelled, the command and all its processes are killed.
        """
        number = next(self._numbers)
        request = {"op": "exec", "command": command.text, "timeout": command.timeout, "cwd": command.cwd}
        request |= {"env": {**variables, **command.env}, "output_limit": command.output_limit}
        try:
            kind, code, output, omitted = await self._ask(number, request, command.timeout + GRACE)
        except asyncio.CancelledError:
            self._send(next(self._numbers), {"op": "cancel", "target": number})
            raise
        if kind == init.FAILED:
            raise SandboxError(f"the sandbox cannot run commands any more: {os.strerror(code)}")
        return ExecResult(exit_code=code, output=output, omitted=omitted, timed_out=kind == init.TIMED_OUT)

    async def read(self, path: str) -> bytes:
        """Raises the OSError that reading raised inside."""
        return await self._file({"op": "read", "path": path})

    async def write(self, path: str, data: bytes, mode: int) -> None:
        """Raises the OSError that writing raised inside."""
        await self._file({"op": "write", "path": path, "data": data, "mode": mode})

    async def close(self) -> None:
        """Stops reading. Pending requests fail."""
        if self._reader:
            self._reader.cancel()
            await asyncio.wait({self._reader})

    async def _file(self, request: dict[str, Any]) -> bytes:
        kind, code, data, _ = await self._ask(next(self._numbers), request, GRACE)
        if kind == init.FAILED:
            raise OSError(code, os.strerror(code), request["path"])
        return data

    async def _ask(self, number: int, request: dict[str, Any], seconds: float) -> tuple[int, int, bytes, int]:
        if self._reader is None or self._reader.done():
            raise SandboxError("the sandbox has ended: start a new one")
        answer: asyncio.Future[tuple[int, int, bytes, int]] = asyncio.get_running_loop().create_future()
        self._pending[number] = answer
        try:
            self._send(number, request)
            async with asyncio.timeout(seconds):
                return await answer
        except TimeoutError as error:
            raise SandboxError(NO_ANSWER) from error
        finally:
            self._pending.pop(number, None)

    def _send(self, number: int, request: dict[str, Any]) -> None:
        data = marshal.dumps({"id": number, **request})
        self._stdin.write(len(data).to_bytes(4, "big") + data)

    async def _read(self) -> None:
        try:
            while True:
                header = await self._stdout.readexactly(init.HEADER.size)
                number, kind, code, omitted, size = init.HEADER.unpack(header)
                payload = await self._stdout.readexactly(size)
                answer = self._pending.get(number)
                if answer and not answer.done():
                    answer.set_result((kind, code, payload, omitted))
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            for answer in self._pending.values():
                if not answer.done():
                    answer.set_exception(SandboxError("the sandbox has ended unexpectedly"))
