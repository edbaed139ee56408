"""The one place that tries a model call again: exponential backoff with full jitter, or Retry-After."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from ahe.errors import ModelUnavailable

T = TypeVar("T")


class Transient(Exception):
    """A failure that another try may heal. `retry_after` is what the endpoint asked for, in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Backoff:
    """How long to wait, in seconds. Full jitter keeps 128 refused calls from coming back as one."""

    base: float = 1.0
    cap: float = 60.0
    retry_after_cap: float = 180.0

    def wait(self, failures: int, retry_after: float | None) -> float:
        """Seconds to wait after the `failures`-th failure in a row (from 1)."""
        jitter = random.uniform(0.0, min(self.cap, self.base * 2.0 ** min(failures - 1, 30)))
        if retry_after is None:
            return jitter
        # The jitter comes on top: all that were told the same second must not return in the same one.
        return min(retry_after, self.retry_after_cap) + min(jitter, self.base)


async def retrying(call: Callable[[], Awaitable[T]], retries: int, backoff: Backoff, what: str) -> T:
    """Result of `call`, tried again on `Transient` up to `retries` times. Then raises ModelUnavailable.

    Cancelled after a failure, the cancellation has that ModelUnavailable for its cause: who cancels because a time is
    over can tell an endpoint that failed from one that was slow.
    """
    failures, last = 0, Transient("")
    try:
        while True:
            try:
                return await call()
            except Transient as failure:
                failures, last = failures + 1, failure
            if failures > retries:
                raise _unavailable(what, failures, last) from last
            await asyncio.sleep(backoff.wait(failures, last.retry_after))
    except asyncio.CancelledError as cut:
        if failures:
            raise cut from _unavailable(what, failures, last)
        raise


def _unavailable(what: str, failures: int, last: Transient) -> ModelUnavailable:
    tries = "once" if failures == 1 else f"{failures} times"
    return ModelUnavailable(
        f"{what} failed {tries}, last: {last}. "
        "Check that the endpoint is up (or raise `retries` in ahe.toml) and run the command again"
    )


def retry_after(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds that the headers ask to wait (`Retry-After` as seconds or date, `retry-after-ms`), or None."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) / unit
        except ValueError:
            seconds = _seconds_until(value, now or datetime.now(UTC))
        # NaN and infinities parse as floats; neither is a time to wait.
        if 0.0 <= seconds < float("inf"):
            return seconds
    return None


def _seconds_until(date: str, now: datetime) -> float:
    try:
        when = parsedate_to_datetime(date)
    except (TypeError, ValueError, IndexError):
        return float("nan")
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - now).total_seconds())
