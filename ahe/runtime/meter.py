"""Limits of one trial: spent, left, exceeded. Kept on the host, out of evolved code's reach."""

from __future__ import annotations

import time

from ahe.records import Ended, Limits, Usage


class Meter:
    """Counts turns, tokens, and seconds from `begin` on (else from its creation). A limit of 0 is no limit."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.turns = 0
        self.usage = Usage()
        self.side_usage = Usage()
        self._started = time.monotonic()

    def begin(self) -> None:
        """Start the clock: what a busy host took to start the harness box is not the agent's time."""
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    @property
    def seconds_left(self) -> float:
        return max(self.limits.seconds - self.seconds, 0.0) if self.limits.seconds else float("inf")

    @property
    def tokens(self) -> int:
        return self.usage.tokens + self.side_usage.tokens

    def charge(self, usage: Usage, *, side: bool = False) -> None:
        if side:
            self.side_usage += usage
        else:
            self.usage += usage

    def exceeded(self) -> Ended | None:
        """The first limit that is met, in the order in which people ask for them."""
        if self.limits.seconds and self.seconds_left <= 0:
            return "seconds"
        if self.limits.tokens and self.tokens >= self.limits.tokens:
            return "tokens"
        if self.limits.turns and self.turns >= self.limits.turns:
            return "turns"
        return None

    def left(self) -> dict[str, float]:
        """What is left of each limit, for middleware and for the line that the agent is told."""
        left: dict[str, float] = {}
        if self.limits.turns:
            left["turns"] = max(self.limits.turns - self.turns, 0)
        if self.limits.seconds:
            left["seconds"] = round(self.seconds_left)
        if self.limits.tokens:
            left["tokens"] = max(self.limits.tokens - self.tokens, 0)
        return left

    def told(self) -> str:
        """The line that ends the newest tool result."""
        left = self.left()
        parts = []
        if "turns" in left:
            parts.append(f"{left['turns']:.0f} turn{'' if left['turns'] == 1 else 's'}")
        if "seconds" in left:
            parts.append(f"{left['seconds']:.0f} s")
        if "tokens" in left:
            parts.append(f"{left['tokens'] / 1000:.0f}k tokens")
        return f"[left: {', '.join(parts)}]" if parts else ""
