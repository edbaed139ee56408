"""Starts a sandbox's first process with its resource limits and pipes, and ends all processes inside."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from dataclasses import dataclass
from typing import IO

from ahe.environments.limits import Limiter, ResourceLimits
from ahe.errors import SandboxError

START_SECONDS = 60.0
END_SECONDS = 5.0
PIPE_BYTES = 1 << 20


@dataclass
class Launched:
    """A running sandbox. `pid` is its first process as the host sees it; `errors` is a file with its stderr."""

    process: asyncio.subprocess.Process
    pid: int
    limiter: Limiter
    errors: IO[bytes]

    @property
    def stdin(self) -> asyncio.StreamWriter:
        assert self.process.stdin
        return self.process.stdin

    @property
    def stdout(self) -> asyncio.StreamReader:
        assert self.process.stdout
        return self.process.stdout

    def stderr_tail(self) -> str:
        """The last 2000 bytes of stderr."""
        size = os.fstat(self.errors.fileno()).st_size
        return os.pread(self.errors.fileno(), 2000, max(0, size - 2000)).decode(errors="replace").strip()

    def kill(self) -> None:
        """Ends every process inside at once, and closes the pipes.

        Without that, asyncio waits for their other ends too: for ever, if nobody reads what was written to one.
        """
        # bwrap was told to die with us, and its first process with bwrap.
        self.process._transport.close()  # type: ignore[attr-defined]

    async def close(self) -> None:
        """Ends every process inside and waits until they are gone. May be called twice."""
        self.stdin.close()
        try:
            async with asyncio.timeout(END_SECONDS):
                await self.process.wait()
        except TimeoutError:
            self.kill()
            await self.process.wait()
        await self.limiter.close()
        self.errors.close()


async def launch(command: list[str], resources: ResourceLimits) -> Launched:
    """Starts a command line made by `bwrap_command` with its program appended.

    The program must wait for input before it runs anything untrusted, because its limits are set after it has
    started. Call it from a thread that lives as long as the sandbox, which ends with that thread.
    Raises SandboxError.
    """
    reader, writer = os.pipe()
    try:
        # The limits must be set on the program itself, not on its parent.
        own = ["--info-fd", str(writer), *([] if "--as-pid-1" in command else ["--as-pid-1"])]
        launched = await _spawn([command[0], *own, *command[1:]], resources, writer)
    except SandboxError:
        os.close(reader)
        raise
    finally:
        os.close(writer)
    try:
        launched.pid = await _first_process(reader)
        launched.limiter.add(launched.pid)
    except (SandboxError, ValueError, KeyError, TimeoutError) as error:
        await asyncio.wait({asyncio.ensure_future(launched.process.wait())}, timeout=1)
        text = launched.stderr_tail() or str(error)
        await launched.close()
        raise SandboxError(f"the sandbox did not start: {text}; `ahe doctor` says what to do") from error
    except asyncio.CancelledError:
        await launched.close()
        raise
    finally:
        os.close(reader)
    return launched


async def launch_bare(command: list[str], resources: ResourceLimits) -> Launched:
    """Starts a program on the machine itself, with resource limits but no sandbox. Raises SandboxError."""
    launched = await _spawn(command, resources, None)
    try:
        launched.limiter.add(launched.pid)
    except SandboxError:
        await launched.close()
        raise
    return launched


async def _spawn(command: list[str], resources: ResourceLimits, inherited: int | None) -> Launched:
    errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            pass_fds=() if inherited is None else (inherited,),
            env={},
            start_new_session=True,
            limit=PIPE_BYTES,
        )
    )
    try:
        process = await asyncio.shield(starting)
    except OSError as error:
        errors.close()
        raise SandboxError(f"cannot start {command[0]}: {error}") from error
    except asyncio.CancelledError:
        # If asyncio's start is cancelled half-way, it kills bwrap but not its child, and then waits forever.
        process = await starting
        await Launched(process, process.pid, Limiter(resources), errors).close()
        raise
    return Launched(process, process.pid, Limiter(resources), errors)


async def _first_process(reader: int) -> int:
    """The process id that bwrap writes to its --info-fd as soon as it has one."""
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(reader, ready.set)
    text = b""
    try:
        while b"}" not in text:
            # Not wait_for, here and everywhere in `ahe`: in Python 3.11 it can swallow a cancellation.
            async with asyncio.timeout(START_SECONDS):
                await ready.wait()
            ready.clear()
            piece = os.read(reader, 4096)
            if not piece:
                break
            text += piece
    finally:
        loop.remove_reader(reader)
    return int(json.loads(text)["child-pid"])
