"""Runs the harness box: the host's side of the protocol that `box.py` describes."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import itertools
import json
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

from ahe.errors import AgentFault, AheError, HarnessError, SandboxError
from ahe.protocols import Host
from ahe.records import Mount
from ahe.text import loads

BOX = Path(__file__).with_name("box.py")
BOX_ARGUMENTS = ("-I", "-S", "/box/box.py", "/harness", "/site")
BOX_PACKAGES = ("jinja2", "markupsafe", "yaml")
START_SECONDS = 60.0
MAX_LINE = 64 << 20
EVOLVED_FAULTS = (AgentFault, HarnessError, OSError, LookupError, TypeError, ValueError, AttributeError)
"""Errors that evolved code can cause by what it asks of the host: it is told what was wrong."""


class Process(Protocol):
    """A started box. `stderr_tail` is the end of its stderr."""

    @property
    def stdin(self) -> asyncio.StreamWriter: ...
    @property
    def stdout(self) -> asyncio.StreamReader: ...
    def stderr_tail(self) -> str: ...
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


class BoxExecutor:
    """One harness box: a Python process in a sandbox that has no network and is read-only."""

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._process: Process | None = None
        self._host: Host | None = None
        self._ended = False

    async def start(self, harness: Path, host: Host) -> None:
        """Start the box with the harness in folder `harness`. Raises `SandboxError`."""
        self._host = host
        self._process = await self._launch(box_mounts(harness), BOX_ARGUMENTS)
        first = b""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_SECONDS):
                first = await self._process.stdout.readline()
        if not first:
            said = self._stderr()
            await self.stop()
            raise SandboxError(f"the harness box did not start: {said}; see `ahe doctor`")
        self._spawn(self._listen(self._process.stdout))

    async def call(self, what: str, arguments: dict[str, Any], timeout: float) -> Any:
        """Call `tool`, `hook`, `render` or `check` in the box.

        Raises `HarnessError` with the error of evolved code, or if it does not return within `timeout` seconds.
        """
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            await self._send({"id": number, "what": what, "arguments": arguments})
            async with asyncio.timeout(timeout):
                return await future
        except TimeoutError:
            raise HarnessError(f"{what} did not return within {timeout:.0f} s") from None
        finally:
            self._waiting.pop(number, None)

    async def stop(self) -> None:
        """End the box and everything in it. May be called twice."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
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

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            if self._process is None or self._ended:
                raise ConnectionError
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            await self._process.stdin.drain()
        except (ConnectionError, RuntimeError):
            raise HarnessError(f"the harness box is gone: {self._stderr()}") from None

    async def _listen(self, out: asyncio.StreamReader) -> None:
        """Read messages until the box ends or sends a line that is not a message."""
        with contextlib.suppress(ValueError, RecursionError, asyncio.IncompleteReadError):
            while line := await read_line(out):
                self._take(loads(line))
        self._ended = True
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(HarnessError(f"the harness box ended: {self._stderr()}"))

    def _take(self, message: object) -> None:
        if not isinstance(message, dict):
            raise ValueError("not a message")
        number = message.get("id")
        future = self._waiting.get(number) if isinstance(number, int) else None
        if "ask" in message:
            self._spawn(self._answer(message))
        elif future is not None and not future.done():
            if "error" in message:
                future.set_exception(HarnessError(str(message["error"])))
            else:
                future.set_result(message.get("value"))

    async def _answer(self, message: dict[str, Any]) -> None:
        assert self._host is not None
        try:
            value = await self._host.serve(message["what"], message["arguments"])
            answer = {"answer": message["ask"], "value": value}
        except EVOLVED_FAULTS as error:
            answer = {"answer": message["ask"], "error": f"{type(error).__name__}: {error}"}
        except AheError as error:
            # The host remembers these (`TrialHost.fatal`) and ends the trial; evolved code only sees a failure.
            answer = {"answer": message["ask"], "error": f"the host could not serve this: {error}"}
        with contextlib.suppress(HarnessError):
            await self._send(answer)


async def read_line(out: asyncio.StreamReader) -> bytes:
    """One line, even if it exceeds the stream's own limit. Raises `ValueError` if it exceeds `MAX_LINE`."""
    pieces: list[bytes] = []
    while sum(map(len, pieces)) <= MAX_LINE:
        try:
            pieces.append(await out.readuntil(b"\n"))
            return b"".join(pieces)
        except asyncio.LimitOverrunError as overrun:
            pieces.append(await out.readexactly(overrun.consumed))
        except asyncio.IncompleteReadError as ended:
            return b"".join([*pieces, ended.partial])
    raise ValueError("the line is too long")
