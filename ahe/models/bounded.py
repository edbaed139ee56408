"""A bound on the bytes of an endpoint's answer, counted after unpacking: a few kilobytes of gzip may hold gigabytes."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from ahe.models.retry import TransientFailure

if TYPE_CHECKING:
    import httpx2

MAX_BODY = 16 << 20
"""Bytes. A stream of 64,000 tokens has about this size, any other reply far less."""
PACKED = ("gzip", "x-gzip", "deflate")


async def read_bounded(response: httpx2.Response) -> None:
    """A hook for the HTTP client: reads and unpacks the body. Raises `TransientFailure` if it exceeds `MAX_BODY`."""
    import httpx2

    packed = response.headers.pop("content-encoding", "").strip().lower()
    if packed not in (*PACKED, "", "identity"):
        raise TransientFailure(f"the body is compressed ({packed[:40]!r}), which was not asked for")
    unpacking = zlib.decompressobj(wbits=47) if packed in PACKED else None
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    content = bytearray()
    async for piece in response.stream:
        content += unpacking.decompress(piece, MAX_BODY + 1 - len(content)) if unpacking else piece
        if len(content) > MAX_BODY:
            raise TransientFailure(f"the answer has more than {MAX_BODY >> 20} MB")
    await response.stream.aclose()
    response.stream = httpx2.ByteStream(bytes(content))
