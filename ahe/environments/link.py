"""The pipes between the host and `init.py`, the process that runs commands in an environment without a daemon."""

import asyncio
import functools
import itertools
import marshal
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahe.environments.inside import init
from ahe.environments.inside.processes import CANNOT_RUN
from ahe.errors import AheError, SandboxError
from ahe.records import ExecResult

Blame = Callable[[str, bool], Awaitable[AheError]]
"""Makes the error for a problem with a sandbox, and for whether it has ended."""
PARTS = ("data", "processes", "init")  # each imports only from those before it
# The program that the interpreter inside starts with: it reads the modules of `program()` from stdin.
BOOT = """\
import _socket, marshal, sys
link = _socket.socket(fileno=0)
sent = [int.from_bytes(data[:4], sys.byteorder) for *_, data in link.recvmsg(1, 64, 0x40000000)[1]]
link.detach()
for name, code in marshal.load(sys.stdin.buffer):
    module = sys.modules[name] = type(sys)(name)
    exec(code, module.__dict__)
module.main(*sent)"""
GRACE = 60.0  # seconds that a loaded machine may be late
MAX_ANSWER = 1 << 27  # bytes: more than init.py ever sends


@dataclass(frozen=True)
class Command:
    """What `exec` was asked for, with an absolute working directory.

    `elsewhere` lets it run in another directory, and say so, if the task's own has been removed.
    """

    text: str
    cwd: str
    elsewhere: bool
    env: Mapping[str, str]
    user: str | None
    timeout: float
    output_limit: int


@functools.cache
def program() -> bytes:
    """The modules that run inside, compiled: the sandbox uses the interpreter that runs this code."""
    folder = Path(init.__file__).parent
    package = init.__name__.rpartition(".")[0]
    sources = [(f"{package}.{part}", (folder / f"{part}.py").read_bytes()) for part in PARTS]
    return marshal.dumps([(name, compile(source, name, "exec")) for name, source in sources])


class _Broken(Exception):
    """The pipe from `init.py` has ended, or carries what it never sends."""


class Link:
    """The host's end of the pipes to `init.py`.

    Once the other end is gone, or does not answer, every method raises the error that `blame` makes of it.
    """

    def __init__(self, stdin: asyncio.StreamWriter, stdout: asyncio.StreamReader) -> None:
        self.blame: Blame = _sandbox_error
        self._problem, self._ended = "the sandbox has ended", True
        self._stdin, self._stdout = stdin, stdout
        self._numbers = itertools.count(1)
        self._ready: asyncio.Future[tuple[int, int, bytes, int]] = asyncio.get_running_loop().create_future()
        self._pending = {0: self._ready}
        self._reader: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Sends the program and waits until it serves."""
        self._reader = asyncio.create_task(self._read())
        self._stdin.write(program())
        await self._answer(self._ready, GRACE)

    async def exec(self, command: Command, variables: Mapping[str, str]) -> ExecResult:
        """Runs a command; its own variables override the given ones.

        When the caller is cancelled, the command and all its processes are killed.
        """
        number = next(self._numbers)
        request = {"op": "exec", **vars(command), "env": {**variables, **command.env}}
        try:
            kind, code, output, omitted = await self._ask(number, request, command.timeout + GRACE)
        except asyncio.CancelledError:
            self._send(next(self._numbers), {"op": "cancel", "target": number})
            raise
        if kind == init.FAILED:
            text = f"cannot start a process: {os.strerror(code)}\n"
            return ExecResult(exit_code=CANNOT_RUN, output=text.encode())
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
        answer: asyncio.Future[tuple[int, int, bytes, int]] = asyncio.get_running_loop().create_future()
        if self._reader is None or self._reader.done():
            raise await self.blame(self._problem, self._ended)
        self._pending[number] = answer
        try:
            self._send(number, request)
            return await self._answer(answer, seconds)
        finally:
            self._pending.pop(number, None)

    async def _answer(
        self, answer: asyncio.Future[tuple[int, int, bytes, int]], seconds: float
    ) -> tuple[int, int, bytes, int]:
        try:
            async with asyncio.timeout(seconds):
                return await answer
        except _Broken:
            raise await self.blame(self._problem, self._ended) from None
        except TimeoutError:
            raise await self.blame(f"the sandbox does not answer within {GRACE:.0f} s", False) from None

    def _send(self, number: int, request: dict[str, Any]) -> None:
        data = marshal.dumps({"id": number, **request})
        self._stdin.write(len(data).to_bytes(4, "big") + data)

    async def _read(self) -> None:
        try:
            while True:
                header = await self._stdout.readexactly(init.HEADER.size)
                number, kind, code, omitted, size = init.HEADER.unpack(header)
                if size > MAX_ANSWER:
                    self._problem, self._ended = "the sandbox sent what it never sends", False
                    break
                payload = await self._stdout.readexactly(size)
                answer = self._pending.get(number)
                if answer and not answer.done():
                    answer.set_result((kind, code, payload, omitted))
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            for answer in self._pending.values():
                if not answer.done():
                    answer.set_exception(_Broken())


async def _sandbox_error(problem: str, ended: bool) -> AheError:
    return SandboxError(problem if ended else f"{problem}: the machine may be overloaded")
