"""Starts a sandbox's first process with its resource limits and pipes, and ends all processes inside."""

import asyncio
import contextlib
import ctypes
import functools
import json
import os
import socket
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO

from ahe.environments import seccomp
from ahe.environments.limits import Limiter
from ahe.errors import SandboxError
from ahe.records import EnvironmentSpec

START_SECONDS = 60.0
END_SECONDS = 5.0
PIPE_BYTES = 1 << 20
GET_KEYRING_ID, JOIN_SESSION_KEYRING, SESSION_KEYRING = 0, 1, -3  # of keyctl(2)


@dataclass
class Launched:
    """A running sandbox. `pid` is its first process as the host sees it; `errors` is a file with its stderr."""

    process: subprocess.Popen[bytes]
    pid: int
    limiter: Limiter
    errors: IO[bytes]
    socket: socket.socket
    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader

    def stderr_tail(self) -> str:
        """The last 2000 bytes of stderr."""
        size = os.fstat(self.errors.fileno()).st_size
        return os.pread(self.errors.fileno(), 2000, max(0, size - 2000)).decode(errors="replace").strip()

    def send_score(self) -> None:
        """Sends the first process its own file `oom_score_adj`, which nothing inside can open (see `init.py`)."""
        with contextlib.ExitStack() as stack:
            files = []
            with contextlib.suppress(OSError):
                files = [os.open(f"/proc/{self.pid}/oom_score_adj", os.O_RDWR | os.O_CLOEXEC)]
                stack.callback(os.close, files[0])
            socket.send_fds(self.socket, [b"s"], files)

    async def exit_code(self) -> int | None:
        """How the sandbox ended (negative: by this signal); None if it has not ended within seconds."""
        ending = asyncio.ensure_future(asyncio.to_thread(self.process.wait))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                return await asyncio.shield(ending)
        return None

    def kill(self) -> None:
        """Ends every process inside at once: bwrap was told to die with us, and its first process with bwrap."""
        self.process.kill()

    async def close(self) -> None:
        """Ends every process inside and waits until they are gone. May be called twice."""
        self.stdin.close()
        if await self.exit_code() is None:
            self.kill()
            await asyncio.to_thread(self.process.wait)
        await self.limiter.close()
        self.errors.close()


async def launch(command: list[str], spec: EnvironmentSpec) -> Launched:
    """Starts a command line made by `bwrap_command` with its program appended, under the filter of `seccomp.py`.

    The program must wait for input before it runs anything untrusted, because its limits are set after it has
    started. Raises SandboxError.
    """
    reader, writer = os.pipe()
    filtered = _readable(seccomp.program())
    try:
        # The limits must be set on the program itself, not on its parent.
        own = ["--info-fd", str(writer), *([] if "--as-pid-1" in command else ["--as-pid-1"])]
        own += ["--seccomp", str(filtered)] if seccomp.program() else []
        launched = await _spawn([command[0], *own, *command[1:]], spec, (writer, filtered))
    except SandboxError:
        os.close(reader)
        raise
    finally:
        os.close(writer)
        os.close(filtered)
    try:
        launched.pid = await _first_process(reader)
        launched.limiter.add(launched.pid)
    except (SandboxError, ValueError, KeyError, TimeoutError) as error:
        await launched.exit_code()
        text = launched.stderr_tail() or str(error)
        await launched.close()
        raise SandboxError(f"the sandbox did not start: {text}; `ahe doctor` says what to do") from error
    except asyncio.CancelledError:
        await launched.close()
        raise
    finally:
        os.close(reader)
    return launched


async def launch_bare(command: list[str], spec: EnvironmentSpec) -> Launched:
    """Starts a program on the machine itself, with resource limits but no sandbox. Raises SandboxError."""
    launched = await _spawn(command, spec, ())
    try:
        launched.limiter.add(launched.pid)
    except SandboxError:
        await launched.close()
        raise
    return launched


async def _spawn(command: list[str], spec: EnvironmentSpec, inherited: tuple[int, ...]) -> Launched:
    ours, theirs = socket.socketpair()
    errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115

    def start() -> subprocess.Popen[bytes]:
        with theirs:
            return subprocess.Popen(
                command,
                stdin=theirs.fileno(),
                stdout=subprocess.PIPE,
                stderr=errors,
                pass_fds=inherited,
                env={},
                start_new_session=True,
            )

    async def started() -> Launched:
        loop = asyncio.get_running_loop()
        process = await loop.run_in_executor(_starter(), start)
        stdout = asyncio.StreamReader(limit=PIPE_BYTES)
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdout), process.stdout)
        _, stdin = await asyncio.open_unix_connection(sock=ours)
        return Launched(process, process.pid, Limiter(spec), errors, ours, stdin, stdout)

    starting = asyncio.ensure_future(started())
    try:
        return await asyncio.shield(starting)
    except OSError as error:
        errors.close()
        ours.close()
        raise SandboxError(f"cannot start {command[0]}: {error}") from error
    except asyncio.CancelledError:
        with contextlib.suppress(OSError):
            await (await starting).close()
        raise


@functools.cache
def _starter() -> ThreadPoolExecutor:
    """The thread that starts all sandboxes, with a session keyring of its own, which they inherit.

    bwrap ends with the thread that started it, so that thread lives as long as the interpreter. The keyring of the
    other threads, which may be the user's, stays theirs.
    """
    return ThreadPoolExecutor(1, "ahe-start", lambda: _keyctl(JOIN_SESSION_KEYRING, 0))


def session_keyrings() -> tuple[int, int]:
    """The numbers of this thread's session keyring and of the one that sandboxes inherit; -1 where there is none."""
    wanted = (GET_KEYRING_ID, SESSION_KEYRING)
    return _keyctl(*wanted), _starter().submit(_keyctl, *wanted).result()


def _keyctl(operation: int, argument: int) -> int:
    """-1 if it is forbidden, as in many containers, or unknown: then `ahe doctor` says so."""
    number = seccomp.keyctl_number()
    return ctypes.CDLL(None).syscall(number, operation, ctypes.c_long(argument), 0) if number else -1


def _readable(data: bytes) -> int:
    """A descriptor from which `data` can be read: less than a pipe holds."""
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    return reader


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
