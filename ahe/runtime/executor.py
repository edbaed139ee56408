"""Runs the harness box: the host's side of the protocol that `box.py` describes.

Evolved code can write whatever it likes to the box's channel. So every message, what is queued in each direction, and
every wait has a limit. A box that exceeds one is ended: then every call raises `HarnessError` at once.
"""

import asyncio
import contextlib
import importlib.util
import itertools
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pydantic import TypeAdapter, ValidationError

from ahe.errors import HarnessError, SandboxError
from ahe.protocols import Host
from ahe.records import Mount
from ahe.runtime.box import MAX_ASKS, MAX_MESSAGE
from ahe.text import loads

BOX = Path(__file__).with_name("box.py")
BOX_ARGUMENTS = ("-I", "-S", "/box/box.py", "/harness", "/site")
BOX_PACKAGES = ("jinja2", "markupsafe", "yaml")
START_SECONDS = 60.0
GRACE = 5.0
"""Seconds more than evolved code has: the box interrupts it itself, and may be late on a loaded machine."""
END_SECONDS = 10.0
MAX_QUEUED = 2 * MAX_MESSAGE
"""Bytes of requests that are being served, and of messages that the box has not read yet."""
MAX_CONTAINERS = 2_000_000
"""Opening brackets in a message, those in texts included: `[],` is 3 bytes here, and 64 as a list of Python's."""
MAX_STRAY = 100
"""Messages that answer nothing."""
MAX_ASKED = 20_000
"""Requests of the box, and hooks that it says it begins, during one call."""
MAX_ERROR = 10_000
ANSWERS: dict[str, TypeAdapter[Any]] = {
    "tool": TypeAdapter(str),
    "render": TypeAdapter(str),
    "check": TypeAdapter(list[str]),
    "keep": TypeAdapter(str),
}
"""What box.py answers; `HookResult` is the answer to a hook."""


class Process(Protocol):
    """A started box. `stderr_tail` is the end of its stderr. `kill` ends it at once, `close` also waits."""

    @property
    def stdin(self) -> asyncio.StreamWriter: ...
    @property
    def stdout(self) -> asyncio.StreamReader: ...
    def stderr_tail(self) -> str: ...
    def kill(self) -> None: ...
    async def close(self) -> None: ...


Launch = Callable[[tuple[Mount, ...], tuple[str, ...]], Awaitable[Process]]
"""Starts Python with the given arguments in a sandbox that shows the mounts, all read-only."""


def box_mounts(harness: Path) -> tuple[Mount, ...]:
    """What a harness box sees besides the interpreter: the harness, `box.py` and three packages."""
    mounts = [Mount(host=str(harness), inside="/harness"), Mount(host=str(BOX), inside="/box/box.py")]
    for package in BOX_PACKAGES:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            raise SandboxError(f"the Python package {package} is missing: reinstall ahe")
        mounts.append(Mount(host=spec.submodule_search_locations[0], inside=f"/site/{package}"))
    return tuple(mounts)


@dataclass
class Waiting:
    """A call that the box has not answered. `each` is the time of one hook, `end` that of the whole call."""

    answer: asyncio.Future[Any]
    limit: asyncio.Timeout
    each: float
    end: float


class BoxExecutor:
    """One harness box: a Python process in a sandbox that has no network and is read-only."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Waiting] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._process: Process | None = None
        self._host: Host | None = None
        self._failed = ""
        self._stray = self._asked = self._serving = self._queued = 0

    async def start(self, harness: Path, host: Host) -> None:
        """Start the box with the harness in folder `harness`. Raises `SandboxError`."""
        self._host = host
        self._process = await self._launch(box_mounts(harness), BOX_ARGUMENTS)
        first = b""
        with contextlib.suppress(TimeoutError, ValueError):
            async with asyncio.timeout(START_SECONDS):
                first = await self._process.stdout.readline()
        if not first:
            said = self._stderr()
            await self.stop()
            raise SandboxError(f"the harness box did not start: {said}; see `ahe doctor`")
        self._spawn(self._listen(self._process.stdout))

    async def call(
        self, what: str, arguments: dict[str, Any], timeout: float, each: float | None = None
    ) -> Any:
        """Call what box.py serves, such as `tool` or `hook`; `each` is the time of one hook of a chain.

        Raises `HarnessError` with the error of evolved code, for an answer of the wrong type, or if it does not return
        within `timeout` seconds. Then the box is ended: what ignores its time blocks everything else.
        """
        number, loop = next(self._numbers), asyncio.get_running_loop()
        limit = asyncio.timeout((timeout if each is None else min(each, timeout)) + GRACE)
        waiting = Waiting(loop.create_future(), limit, each or timeout, loop.time() + timeout + GRACE)
        self._asked = 0
        try:
            async with limit:
                self._waiting[number] = waiting
                self._send({"id": number, "what": what, "arguments": arguments, "seconds": timeout})
                answer = await waiting.answer
            # Evolved code can send anything in place of what box.py answers.
            return ANSWERS[what].validate_python(answer) if what in ANSWERS else answer
        except ValidationError:
            raise HarnessError(f"the harness box gave a wrong answer to {what}") from None
        except TimeoutError:
            self.end(f"{what} did not return within {min(waiting.each, timeout):.0f} s")
            raise HarnessError(self._failed) from None
        finally:
            self._waiting.pop(number, None)

    @property
    def gone(self) -> bool:
        """Whether the box was ended, so that every further call fails."""
        return bool(self._failed)

    async def stop(self) -> None:
        """End the box and everything in it. May be called twice."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=END_SECONDS)
        if self._process is not None:
            process, self._process = self._process, None
            await process.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _stderr(self) -> str:
        said = self._process.stderr_tail() if self._process is not None else ""
        return said[-500:] or "it ended without a word"

    def end(self, reason: str) -> None:
        """End the box, and every call that waits for it."""
        self._failed = self._failed or reason
        if self._process is not None:
            self._process.kill()
        for waiting in self._waiting.values():
            if not waiting.answer.done():
                waiting.answer.set_exception(HarnessError(self._failed))

    def _send(self, message: dict[str, Any]) -> None:
        """Queue a message; nothing waits for the box to read it. Raises `HarnessError`."""
        if self._process is None or self._failed:
            raise HarnessError(f"the harness box is gone: {self._failed or self._stderr()}")
        line = json.dumps(message).encode() + b"\n"
        if len(line) > MAX_MESSAGE:
            raise HarnessError(f"{len(line)} bytes are too many for the harness box: {MAX_MESSAGE} at most")
        if self._process.stdin.transport.get_write_buffer_size() + len(line) > MAX_QUEUED:
            self.end("the harness box does not read what it asked for")
            raise HarnessError(self._failed)
        self._process.stdin.write(line)

    async def _listen(self, out: asyncio.StreamReader) -> None:
        """Read messages until the box ends or sends what is not a message."""
        try:
            while line := await read_line(out):
                if line.count(b"[") + line.count(b"{") > MAX_CONTAINERS:
                    raise ValueError(f"more than {MAX_CONTAINERS} lists and objects")
                self._take(loads(line), len(line))
                await asyncio.sleep(0)  # a flood of messages must not keep other trials waiting
            reason = f"the harness box ended: {self._stderr()}"
        except (ValueError, RecursionError, OSError) as error:
            reason = f"the harness box ended, it sent what is not a message: {error}"
        self.end(reason)

    def _take(self, message: object, size: int) -> None:
        """Raises `ValueError` if this is not a message, or too many are."""
        if not isinstance(message, dict):
            raise ValueError("not an object")
        if "ask" in message or "begins" in message:
            self._asked += 1
            if self._asked > MAX_ASKED:
                raise ValueError(f"more than {MAX_ASKED} requests")
        if "ask" in message:
            self._serve(message, size)
            return
        number = message.get("begins", message.get("id"))
        waiting = self._waiting.get(number) if type(number) is int else None
        if waiting is None or waiting.answer.done():
            self._stray += 1
            if self._stray > MAX_STRAY:
                raise ValueError(f"more than {MAX_STRAY} answers that nobody waits for")
        elif "begins" in message:
            now = asyncio.get_running_loop().time()
            if not waiting.limit.expired():
                waiting.limit.reschedule(min(waiting.end, now + waiting.each + GRACE))
        elif "error" in message:
            waiting.answer.set_exception(HarnessError(str(message["error"])[:MAX_ERROR]))
        else:
            waiting.answer.set_result(message.get("value"))

    def _serve(self, message: dict[str, Any], size: int) -> None:
        # The box keeps to MAX_ASKS by itself; twice as many are evolved code that went around it.
        if self._serving >= 2 * MAX_ASKS or self._queued + size > MAX_QUEUED:
            with contextlib.suppress(HarnessError):
                self._send({"answer": message["ask"], "error": "too many requests at the same time"})
            return
        self._serving += 1
        self._queued += size
        self._spawn(self._answer(message, size))

    async def _answer(self, message: dict[str, Any], size: int) -> None:
        assert self._host is not None
        number = message["ask"]
        try:
            value = await self._host.serve(message["what"], message["arguments"])
            answer = {"answer": number, "value": value}
        except Exception as error:
            # Evolved code can cause any by what it asks, and is told what was wrong. What ends the trial, the host
            # remembers (`TrialHost.fatal`).
            answer = {"answer": number, "error": f"{type(error).__name__}: {error}"[:MAX_ERROR]}
        finally:
            self._serving -= 1
            self._queued -= size
        try:
            self._send(answer)
        except HarnessError as error:
            with contextlib.suppress(HarnessError):
                self._send({"answer": number, "error": str(error)})


async def read_line(out: asyncio.StreamReader) -> bytes:
    """One line, even if it exceeds the stream's own limit. Raises `ValueError` if it exceeds `MAX_MESSAGE`."""
    pieces: list[bytes] = []
    while sum(map(len, pieces)) <= MAX_MESSAGE:
        try:
            pieces.append(await out.readuntil(b"\n"))
            return b"".join(pieces)
        except asyncio.LimitOverrunError as overrun:
            pieces.append(await out.readexactly(overrun.consumed))
        except asyncio.IncompleteReadError as ended:
            return b"".join([*pieces, ended.partial])
    raise ValueError(f"a line of more than {MAX_MESSAGE} bytes")
