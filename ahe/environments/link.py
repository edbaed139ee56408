"""The host's end of the pipes to `init.py`: requests go out, replies come back in any order."""

from __future__ import annotations

import asyncio
import functools
import itertools
import marshal
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ahe.environments.inside import init
from ahe.errors import SandboxError
from ahe.records import ExecResult

PARTS = ("clip", "files", "kin", "init")  # each imports only from those before it
# What the interpreter inside is started with. It takes the modules from stdin, by their names here.
BOOT = """\
import marshal, sys
for name, code in marshal.load(sys.stdin.buffer):
    module = sys.modules[name] = type(sys)(name)
    exec(code, module.__dict__)
module.main()"""
GRACE = 60.0  # seconds that a loaded machine may be late
TOO_LONG = 120_000  # bytes: what Linux takes as one argument


@functools.cache
def program() -> bytes:
    """The modules that run inside, compiled: the interpreter there is the one that runs this."""
    folder = Path(init.__file__).parent
    package = init.__name__.rpartition(".")[0]
    sources = [(f"{package}.{part}", (folder / f"{part}.py").read_bytes()) for part in PARTS]
    return marshal.dumps([(name, compile(source, name, "exec")) for name, source in sources])


def refusal(command: str) -> ExecResult | None:
    """The result of a command that no shell can be given; None where it can."""
    if "\0" in command:
        return ExecResult(exit_code=init.CANNOT_RUN, output=b"a command cannot contain a zero byte\n")
    if len(command.encode("utf-8", "surrogateescape")) > TOO_LONG:
        text = f"a command is at most {TOO_LONG} bytes long: write a file and run that\n"
        return ExecResult(exit_code=init.CANNOT_RUN, output=text.encode())
    return None


class Link:
    """Speaks with `init.py`. Every method raises SandboxError once the other end is gone."""

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
        async with asyncio.timeout(GRACE):
            await self._ready

    async def exec(
        self, command: str, timeout: float, cwd: str, env: Mapping[str, str], output_limit: int
    ) -> ExecResult:
        """Runs a command. When the caller is cancelled, so is the command with all that it started."""
        number = next(self._numbers)
        request = {"op": "exec", "command": command, "timeout": timeout, "cwd": cwd, "env": dict(env)}
        try:
            kind, code, output, omitted = await self._ask(
                number, {**request, "output_limit": output_limit}, timeout + GRACE
            )
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
        """Stops listening. Requests that are under way fail."""
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
            raise SandboxError("the sandbox does not answer: the machine may be overloaded") from error
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
