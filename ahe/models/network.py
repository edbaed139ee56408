"""The way to an endpoint: what blocks it, said in one line that names the fix, and a bound on what comes back."""

from __future__ import annotations

import os
import socket
import ssl
import zlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import getproxies

from ahe.models.retry import TransientFailure

if TYPE_CHECKING:
    import httpx2

PROXIES = ("http", "https", "socks5", "socks5h")
MAX_BODY = 16 << 20
"""Bytes after unpacking: a few kilobytes of gzip may hold gigabytes. A stream of 64,000 tokens has about this size."""
PACKED = ("gzip", "x-gzip", "deflate")


def obstacle() -> str:
    """What the environment's proxies or certificates lack for any call to the outside; empty if they are sound."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        place = os.environ.get(name, "")
        if place and not Path(place).exists():
            return f"{name} names {place}, which does not exist: correct or unset it"
    proxies = getproxies()
    for kind in {"http", "https", "all"} & proxies.keys():
        scheme = proxies[kind].partition("://")[0].lower() if "://" in proxies[kind] else "http"
        name = f"{kind.upper()}_PROXY"
        if scheme not in PROXIES:
            return f"{name} is a proxy of the kind {scheme!r}, which is not supported: use one of {', '.join(PROXIES)}"
        if scheme.startswith("socks") and find_spec("socksio") is None:
            return f"{name} is a socks proxy, which needs a package: pip install socksio, or unset {name}"
    return ""


def unreachable(error: BaseException, where: str) -> str:
    """Why no connection to `where` can ever be made, from the causes of a failed one; empty if it may pass."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, socket.gaierror):
            return (
                f"the host of {where} cannot be resolved ({cause.strerror}): correct `base_url` in ahe.toml, "
                "or this machine's network, or try again"
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = getattr(cause, "verify_message", cause)
            return (
                f"the certificate of {where} is not trusted ({why}): set SSL_CERT_FILE to a file with the certificate "
                "of its authority"
            )
        if isinstance(cause, ssl.SSLError):
            return f"{where} does not speak TLS ({cause.reason}): does it want http:// instead of https://?"
        cause = cause.__cause__ or cause.__context__
    return ""


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
