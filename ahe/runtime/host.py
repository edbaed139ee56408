"""The host's side of one trial: the requests of evolved code, which are all limited."""

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ahe.errors import AheError, BudgetExceeded, EnvironmentLost, Infrastructure
from ahe.protocols import Environment, Model
from ahe.records import Message, Request, Role
from ahe.runtime.meter import Meter
from ahe.runtime.trajectory import Trajectory

FILE_BYTES = 10_000_000
SIDE_TOKENS = 1024
SIDE_CHARACTERS = 4_000_000


@dataclass
class TrialHost:
    """Implements `Host` for one trial. `fatal` is an error that ends the trial, even if evolved code catches it."""

    environment: Environment
    model: Model
    meter: Meter
    trajectory: Trajectory
    role: Role
    key: str
    fatal: AheError | None = None
    _side_calls: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    # One at a time: a file may be large, and before each side call the limits are checked.
    _files: asyncio.Lock = field(default_factory=asyncio.Lock)
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def serve(self, what: str, arguments: dict[str, Any]) -> Any:
        """Answer one request of the box: `exec`, `read`, `write`, `complete` or `note`."""
        handlers: dict[str, Callable[..., Awaitable[Any]]] = {
            "exec": self._exec,
            "read": self._read,
            "write": self._write,
            "complete": self._complete,
            "note": self._note,
        }
        try:
            return await handlers[what](**arguments)
        except (Infrastructure, BudgetExceeded, EnvironmentLost) as error:
            self.fatal = self.fatal or error
            raise

    async def _exec(
        self, command: str, timeout: float | None = None, cwd: str | None = None
    ) -> dict[str, object]:
        limits = self.meter.limits
        wanted = timeout if timeout and timeout > 0 else limits.command_seconds  # also for NaN
        seconds = min(wanted, limits.command_seconds, self.meter.seconds_left)
        result = await self.environment.exec(
            command, timeout=max(seconds, 0.1), cwd=cwd, output_limit=limits.output_bytes
        )
        text = result.text
        if result.omitted:
            self.trajectory.event("output_cut", command=str(command)[:200], omitted_bytes=result.omitted)
        if result.timed_out:
            text += f"\n[the command was stopped after {seconds:.0f} s]"
        return {"output": text, "exit_code": result.exit_code, "timed_out": result.timed_out}

    async def _read(self, path: str) -> str:
        async with self._files:
            data = await self.environment.read(path)
        if len(data) > FILE_BYTES:
            raise ValueError(f"{path} has {len(data)} bytes; at most {FILE_BYTES} can be read")
        return data.decode("utf-8", "replace")

    async def _write(self, path: str, text: str) -> None:
        async with self._files:
            await self.environment.write(path, text.encode())

    async def _complete(self, prompt: str, system: str = "") -> str:
        if len(prompt) + len(system) > SIDE_CHARACTERS:
            raise ValueError(f"a side call has {SIDE_CHARACTERS} characters at most")
        messages = [Message(role="system", content=system)] if system else []
        messages.append(Message(role="user", content=prompt))
        async with self._asking:
            if self.meter.exceeded():
                raise ValueError("no tokens, turns or time are left for a side call")
            request = Request(
                role=self.role,
                key=f"{self.key}/side-{next(self._side_calls)}",
                messages=tuple(messages),
                max_tokens=min(SIDE_TOKENS, self.meter.limits.reply_tokens),
            )
            reply = await self.meter.call(self.model, request)
            if reply is None:
                raise ValueError("the time ran out during a side call")
            self.meter.side_usage += reply.usage
            return reply.message.content

    async def _note(self, text: str) -> None:
        self.trajectory.event("note", text=str(text)[:4000])
