"""The limits of one trial, and the agent's clock."""

import asyncio
import time

from ahe.errors import Infrastructure, ModelUnavailable
from ahe.protocols import Model, waiting
from ahe.records import Ended, Limits, ModelTime, Pace, Reply, Request, Usage

GUARD = 10.0
"""With a paced model a trial may take this many times its `seconds` by the wall clock; then it is missing."""
ENDPOINT_PACE = Pace(read=2_000.0, write=50.0)
"""Weighs the tokens of endpoints, to see whether one arm of a comparison ran slower; no clock runs by it."""


class Meter:
    """Counts turns, tokens, and seconds since `begin` (or since it was made). A limit of 0 means no limit.

    The agent's clock stands still while an endpoint makes it wait (rate limits, failed calls, its queue). With `pace`
    a call takes what its new tokens take at that speed, whatever the wall clock says: the embedded model shares the
    machine with everything else that runs there, and an outcome must not depend on that.
    """

    def __init__(self, limits: Limits, pace: Pace | None = None) -> None:
        self.limits = limits
        self.turns = 0
        self.usage = Usage()
        self.side_usage = Usage()
        self.model_time = ModelTime()
        self._pace = pace
        self.begin()

    def begin(self) -> None:
        """Start the clock anew: starting the harness box must not count as the agent's time."""
        self._started = time.monotonic()
        self._calling, self._since, self._in_calls, self._counted = 0, 0.0, 0.0, 0.0

    async def call(self, model: Model, request: Request, known: int = 0) -> Reply | None:
        """The model's reply, or None if the time ran out. `known` of the request's tokens were read before.

        Raises what `model.complete` raises, and `ModelUnavailable` where a paced model makes no headway.
        """
        left, guard = self.seconds_left, GUARD * self.limits.seconds
        if self._pace:
            left = max(guard - (time.monotonic() - self._started), 0.0)
        limit = asyncio.timeout(left if self.limits.seconds else None)

        def lost(seconds: float) -> None:
            if (end := limit.when()) is not None:
                limit.reschedule(end + seconds)

        if not self._calling:
            self._since = time.monotonic()
        self._calling += 1
        token = waiting.set(lost)
        try:
            async with limit:
                reply = await model.complete(request)
        except TimeoutError as late:
            cause = late.__cause__.__cause__ if late.__cause__ else None
            if isinstance(cause, Infrastructure):
                raise cause from late  # A call was being retried: the endpoint failed, and the agent was not too slow.
            if self._pace:
                raise ModelUnavailable(
                    f"the machine is too busy or too slow: after {guard:.0f} s the embedded model had done "
                    f"{self.model_time.work:.0f} s of work; run the command again when less runs beside it, or with "
                    "fewer [evolve] jobs"
                ) from late
            return None
        finally:
            waiting.reset(token)
            self._calling -= 1
            if not self._calling:
                self._in_calls += time.monotonic() - self._since
        new = max(0, reply.usage.input_tokens - known)
        work = (self._pace or ENDPOINT_PACE).seconds(new, reply.usage.output_tokens)
        self.model_time += ModelTime(seconds=reply.seconds, work=work, waited=reply.waited)
        self._counted += work if self._pace else reply.seconds
        return reply

    @property
    def seconds_left(self) -> float:
        if not self.limits.seconds:
            return float("inf")
        # Calls side by side (a tool may make several) take the time of one, where they take the wall clock's time.
        counted = self._counted if self._pace else min(self._counted, self._in_calls)
        now = time.monotonic()
        calling = self._in_calls + (now - self._since if self._calling else 0.0)
        return max(self.limits.seconds - (now - self._started - calling) - counted, 0.0)

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
