"""The host's side of one trial: its limits, and the requests of evolved code, which are all limited."""

from __future__ import annotations

import itertools
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ahe.errors import AheError, BudgetExceeded, EnvironmentLost, Infrastructure
from ahe.protocols import Environment, Model
from ahe.records import Ended, Limits, Message, Request, Role, Usage
from ahe.runtime.trajectory import Trajectory

FILE_BYTES = 10_000_000
SIDE_TOKENS = 1024


class Meter:
    """Counts turns, tokens, and seconds since `begin` (or since it was made). A limit of 0 means no limit."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.turns = 0
        self.usage = Usage()
        self.side_usage = Usage()
        self.begin()

    def begin(self) -> None:
        """Start the clock anew: starting the harness box must not count as the agent's time."""
        self._started = time.monotonic()

    @property
    def seconds_left(self) -> float:
        spent = time.monotonic() - self._started
        return max(self.limits.seconds - spent, 0.0) if self.limits.seconds else float("inf")

    @property
    def tokens(self) -> int:
        return self.usage.tokens + self.side_usage.tokens

    def exceeded(self) -> Ended | None:
        """The limit that is reached, if any: seconds come before tokens, and tokens before turns."""
        if self.limits.seconds and self.seconds_left <= 0:
            return "seconds"
        if self.limits.tokens and self.tokens >= self.limits.tokens:
            return "tokens"
        if self.limits.turns and self.turns >= self.limits.turns:
            return "turns"
        return None

    def left(self) -> dict[str, float]:
        """How much of each limit is left, for middleware and for the agent."""
        left: dict[str, float] = {}
        if self.limits.turns:
            left["turns"] = max(self.limits.turns - self.turns, 0)
        if self.limits.seconds:
            left["seconds"] = round(self.seconds_left)
        if self.limits.tokens:
            left["tokens"] = max(self.limits.tokens - self.tokens, 0)
        return left

    def notice(self) -> str:
        """The last line of a turn's tool results: how much of each limit is left."""
        left = self.left()
        parts = []
        if "turns" in left:
            parts.append(f"{left['turns']:.0f} turn{'' if left['turns'] == 1 else 's'}")
        if "seconds" in left:
            parts.append(f"{left['seconds']:.0f} s")
        if "tokens" in left:
            parts.append(f"{left['tokens'] / 1000:.0f}k tokens")
        return f"[left: {', '.join(parts)}]" if parts else ""


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
            self.trajectory.event("output_cut", command=command[:200], omitted_bytes=result.omitted)
        if result.timed_out:
            text += f"\n[the command was stopped after {seconds:.0f} s]"
        return {"output": text, "exit_code": result.exit_code, "timed_out": result.timed_out}

    async def _read(self, path: str) -> str:
        data = await self.environment.read(path)
        if len(data) > FILE_BYTES:
            raise ValueError(f"{path} has {len(data)} bytes; at most {FILE_BYTES} can be read")
        return data.decode("utf-8", "replace")

    async def _write(self, path: str, text: str) -> None:
        await self.environment.write(path, text.encode())

    async def _complete(self, prompt: str, system: str = "") -> str:
        if self.meter.exceeded():
            raise ValueError("no tokens, turns or time are left for a side call")
        messages = [Message(role="system", content=system)] if system else []
        messages.append(Message(role="user", content=prompt))
        request = Request(
            role=self.role,
            key=f"{self.key}/side-{next(self._side_calls)}",
            messages=tuple(messages),
            max_tokens=min(SIDE_TOKENS, self.meter.limits.reply_tokens),
        )
        reply = await self.model.complete(request)
        self.meter.side_usage += reply.usage
        return reply.message.content

    async def _note(self, text: str) -> None:
        self.trajectory.event("note", text=text[:4000])
