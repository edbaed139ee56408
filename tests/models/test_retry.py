from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.errors import ModelUnavailable
from ahe.models.retry import Backoff, TransientFailure, retry_after, retrying

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


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
    assert retry_after(headers, NOW) == seconds


def test_retry_after_as_a_date():
    later = format_datetime(NOW + timedelta(seconds=42), usegmt=True)
    assert retry_after({"retry-after": later}, NOW) == 42.0
    assert retry_after({"retry-after": later}, NOW + timedelta(hours=1)) == 0.0


@given(st.text())
def test_any_text_in_the_header_is_survived(text):
    seconds = retry_after({"retry-after": text}, NOW)
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
