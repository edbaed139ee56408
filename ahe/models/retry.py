"""Failed calls: what an endpoint's error means, and the one place that retries.

A call is retried with exponential backoff and full jitter, or after the time that `Retry-After` names.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from ahe.errors import AheError, BadRequest, ContextOverflow, ModelUnavailable, UsageError
from ahe.records import ModelSpec

T = TypeVar("T")


class TransientFailure(Exception):
    """A failure worth a retry. `retry_after` is the wait that the endpoint asked for, in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Backoff:
    """How long to wait, in seconds. Full jitter keeps many refused calls from being retried at the same moment."""

    base: float = 1.0
    cap: float = 60.0
    retry_after_cap: float = 180.0

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
    failures, last = 0, TransientFailure("")
    try:
        while True:
            try:
                return await call()
            except TransientFailure as failure:
                failures, last = failures + 1, failure
            if failures > retries:
                raise _unavailable(what, failures, last) from last
            await asyncio.sleep(backoff.wait(failures, last.retry_after))
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
        # NaN and infinities parse as floats, but are not times.
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


# ---------------------------------------------------------------- what an endpoint's error means

CONTEXT = re.compile(
    r"context[ _-]?(length|window|size)|maximum context|exceed_context|too many tokens|reduce the length"
    r"|(prompt|input|request|message)s? (is|are) too long|token count.{0,40}exceeds",
    re.IGNORECASE,
)
NO_MODEL = re.compile(r"not a valid model|\bmodel\b.{0,60}(not found|not exist)|unknown model", re.IGNORECASE)
NO_KEY = re.compile(r"api[ _-]?key", re.IGNORECASE)
NO_MONEY = re.compile(
    r"insufficient[_ ](quota|balance|credits|funds)|exceeded your current quota", re.IGNORECASE
)
NO_TOOLS = re.compile(r"support tool|tools? (is|are) not supported|tools param requires", re.IGNORECASE)

RETRIED = frozenset({408, 409, 425, 429})
ADAPTABLE = ("seed", "response_format")


class UnsupportedParameter(Exception):
    """The endpoint refuses `parameter`, which can be left out or renamed; the call is then sent again."""

    def __init__(self, parameter: str, reason: str) -> None:
        super().__init__(reason)
        self.parameter = parameter
        self.reason = reason


def refusal(spec: ModelSpec, where: str, status: int, body: str, headers: Mapping[str, str]) -> Exception:
    """The exception for HTTP `status` with this body: an AheError, TransientFailure or UnsupportedParameter."""
    message = _message(body)
    said = f"HTTP {status}: {message[:1000] or 'no message'}"
    if NO_TOOLS.search(message) and status in (400, 404, 500):
        return BadRequest(f'{where} refused the tools ({said}); set tool_calls = "text" in ahe.toml')
    if status in (401, 403) or (status == 400 and NO_KEY.search(message)):
        return ModelUnavailable(f"{where} refused the key ({said}); {_key_advice(spec)}")
    if status == 402 or NO_MONEY.search(message):
        return ModelUnavailable(
            f"the account at {where} is out of money ({said}); top it up and run the command again"
        )
    if status in (400, 413, 422) and CONTEXT.search(message):
        return ContextOverflow(f"the conversation no longer fits the window of {spec.name} ({said})")
    if status == 404 or (status in (400, 422) and NO_MODEL.search(message)):
        return ModelUnavailable(
            f"{where} does not serve the model {spec.name!r} ({said}); "
            "correct `name` or `base_url` in ahe.toml"
        )
    if status in RETRIED or status >= 500:
        return TransientFailure(said, retry_after(headers))
    return _blame(spec, where, status, message, said)


def _blame(
    spec: ModelSpec, where: str, status: int, message: str, said: str
) -> AheError | UnsupportedParameter:
    if status not in (400, 413, 422):
        return ModelUnavailable(
            f"{where} is not a chat completions endpoint ({said}); correct `base_url` in ahe.toml"
        )
    if "max_completion_tokens" in message:
        return UnsupportedParameter("max_tokens", said)
    for parameter in ADAPTABLE:
        if parameter in message:
            return UnsupportedParameter(parameter, said)
    if spec.temperature is not None and "temperature" in message:
        # Leaving it out silently would make the fingerprint wrong.
        return UsageError(f"{where} refuses `temperature` for {spec.name}; remove it from ahe.toml ({said})")
    return BadRequest(f"{where} rejected the request ({said})")


def _message(body: str) -> str:
    """The error's text if the body has the usual form, else the body."""
    try:
        error = json.loads(body)["error"]
        return str(error["message"] if isinstance(error, dict) else error).strip()
    except (ValueError, KeyError, TypeError):
        return body.strip()


def _key_advice(spec: ModelSpec) -> str:
    if spec.api_key_env:
        return f"put a valid key into the environment variable {spec.api_key_env}"
    return "name the environment variable that holds the key as `api_key_env` in ahe.toml"
