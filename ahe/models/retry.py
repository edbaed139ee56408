"""Failed calls: the one place that retries.

A call is retried with exponential backoff and full jitter, or after the time that the endpoint names.
"""

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from ahe.errors import ModelUnavailable
from ahe.protocols import waiting

T = TypeVar("T")
_TIME = r"(\d{1,6}(?:\.\d{1,9})?)\s?(ms|milliseconds?|m|mins?|minutes?|s|secs?|seconds?)(?![a-z])"
_WAIT = re.compile(
    rf"(?:again|come back|retry|retrying|wait|resets?)(?: in| after| for| at least)? ((?:{_TIME}\s?){{1,2}})",
    re.IGNORECASE,
)


class TransientFailure(Exception):
    """A failure worth a retry. `retry_after` is the wait that the endpoint asked for, in seconds.

    `limited`: the endpoint is overloaded, or a limit of requests or tokens for a time is reached.
    """

    def __init__(self, message: str, retry_after: float | None = None, *, limited: bool = False) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.limited = limited


@dataclass(frozen=True)
class Backoff:
    """How long to wait, in seconds. Full jitter keeps many refused calls from being retried at the same moment.

    A limited call is retried until all its waits together exceed `patience`, however often that is: most limits are
    per minute. `sleep` waits.
    """

    base: float = 1.0
    cap: float = 60.0
    retry_after_cap: float = 180.0
    patience: float = 90.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def wait(self, failures: int, retry_after: float | None) -> float:
        """Seconds to wait after the `failures`-th failure in a row (from 1)."""
        jitter = random.uniform(0.0, min(self.cap, self.base * 2.0 ** min(failures - 1, 30)))
        if retry_after is None:
            return jitter
        # Jitter is added, so that calls with the same `Retry-After` are not all retried at the same moment.
        return min(retry_after, self.retry_after_cap) + min(jitter, self.base)


async def retrying(call: Callable[[], Awaitable[T]], retries: int, backoff: Backoff, what: str) -> T:
    """Result of `call`, retried on `TransientFailure` up to `retries` times. Then raises ModelUnavailable.

    If it is cancelled after a failure, the CancelledError has a ModelUnavailable as its cause, so that a caller with
    a time limit can distinguish an endpoint that failed from one that was slow.
    """
    failures, waited, last = 0, 0.0, TransientFailure("")
    try:
        while True:
            began = time.monotonic()
            try:
                return await call()
            except TransientFailure as failure:
                failures, last = failures + 1, failure
                waiting.get()(time.monotonic() - began)
            if failures > retries and not (retries and last.limited and waited < backoff.patience):
                raise _unavailable(what, failures, last) from last
            wait = backoff.wait(failures, last.retry_after)
            waiting.get()(wait)
            await backoff.sleep(wait)
            waited += wait
    except asyncio.CancelledError as cut:
        if failures:
            raise cut from _unavailable(what, failures, last)
        raise


def _unavailable(what: str, failures: int, last: TransientFailure) -> ModelUnavailable:
    tries = "once" if failures == 1 else f"{failures} times"
    return ModelUnavailable(
        f"{what} failed {tries}, last: {last}. "
        "Check that the endpoint is up (or raise `retries` in ahe.toml) and run the command again"
    )


def retry_after(headers: Mapping[str, str], message: str = "") -> float | None:
    """Seconds that an endpoint asks to wait, or None: in the header `Retry-After` (seconds or a date) or
    `retry-after-ms`, else in its message (`try again in 6m0.5s`).
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        try:
            seconds = float(value) / unit
        except ValueError:
            seconds = _seconds_until(value)
        # NaN and infinities parse as floats, but are not times.
        if 0.0 <= seconds < float("inf"):
            return seconds
    found = _WAIT.search(message)
    if found is None:
        return None
    times = re.findall(_TIME, found[1].lower())
    return sum(
        float(n) * (0.001 if unit.startswith(("ms", "mil")) else 60.0 if unit[0] == "m" else 1.0)
        for n, unit in times
    )


def _seconds_until(date: str) -> float:
    try:
        when = parsedate_to_datetime(date)
        return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError, IndexError, OverflowError):  # the last for a year of twenty digits
        return float("nan")
