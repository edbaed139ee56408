from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.errors import ModelUnavailable
from ahe.models.retry import Backoff, TransientFailure, retry_after, retrying


@given(st.integers(1, 200), st.none() | st.floats(0, 1e6))
def test_waits_stay_between_the_wish_and_the_caps(failures, wish):
    backoff = Backoff(base=1.0, cap=60.0, retry_after_cap=180.0)
    wait = backoff.wait(failures, wish)
    if wish is None:
        assert 0 <= wait <= min(60.0, 2.0 ** min(failures - 1, 30))
    else:
        assert min(wish, 180.0) <= wait <= 181.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "-1"}, None),
    ],
)
def test_retry_after(headers, seconds):
    assert retry_after(headers) == seconds


def test_retry_after_as_a_date():
    for seconds, wait in ((420, 420.0), (-3600, 0.0)):
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
        assert retry_after({"retry-after": date}) == pytest.approx(wait, abs=10)


def test_a_year_of_twenty_digits_is_no_time():
    assert retry_after({"retry-after": f"Mon, 01 Jan {'9' * 20} 00:00:00 GMT"}) is None


@given(st.text())
def test_any_text_in_the_header_is_survived(text):
    seconds = retry_after({"retry-after": text})
    assert seconds is None or seconds >= 0


async def test_gives_up_after_the_retries():
    tries = []

    async def fail() -> None:
        tries.append(1)
        raise TransientFailure("no luck")

    with pytest.raises(ModelUnavailable, match=r"thing failed 3 times, last: no luck"):
        await retrying(fail, 2, Backoff(base=0.0), "thing")
    assert len(tries) == 3


async def test_other_errors_pass_at_once():
    async def fail() -> None:
        raise KeyError

    with pytest.raises(KeyError):
        await retrying(fail, 5, Backoff(), "thing")


async def test_a_cancellation_tells_whether_the_endpoint_had_failed():
    called = asyncio.Event()

    async def hang() -> None:
        called.set()
        await asyncio.Event().wait()

    async def fail() -> None:
        called.set()
        raise TransientFailure("no luck")

    for call, cause in ((hang, type(None)), (fail, ModelUnavailable)):
        called.clear()
        task = asyncio.create_task(retrying(call, 5, Backoff(base=1e6, cap=1e6), "thing"))
        await called.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as cut:
            await task
        assert isinstance(cut.value.__cause__, cause)


class Clock:
    """A clock that only waiting puts forward."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def limited(self) -> str:
        """An endpoint that answers nothing in the first minute, and does not say when to come back."""
        if self.now < 60:
            raise TransientFailure("HTTP 429", limited=True)
        return "ok"


@pytest.mark.parametrize("seed", range(20))
async def test_patience_outlasts_a_limit_per_minute(seed: int) -> None:
    random.seed(seed)
    clock = Clock()
    assert await retrying(clock.limited, 5, Backoff(sleep=clock.sleep), "thing") == "ok"
    assert 60 <= clock.now <= 90 + 60


async def test_patience_ends() -> None:
    clock = Clock()

    async def fail() -> None:
        raise TransientFailure("HTTP 429", limited=True)

    with pytest.raises(ModelUnavailable, match="HTTP 429"):
        await retrying(fail, 5, Backoff(sleep=clock.sleep), "thing")
    assert 90 <= clock.now <= 90 + 2 * 60
    with pytest.raises(ModelUnavailable, match="once"):
        await retrying(fail, 0, Backoff(), "thing")


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Please try again in 1.2s.", 1.2),
        ("try again in 6m0.5s", 360.5),
        ("Please retry in 23.5s.", 23.5),
        ("come back in 2 s", 2.0),
        ("please wait 30 seconds", 30.0),
        ("retry after 2 minutes", 120.0),
        ("try again in 250ms", 0.25),
        ("backend 3 models failed", None),
        ("try again later", None),
        ("retry 5 times", None),
    ],
)
def test_a_wait_that_only_the_message_names(message, seconds):
    assert retry_after({}, message) == seconds
    assert retry_after({"retry-after": "7"}, message) == 7.0
