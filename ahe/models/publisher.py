"""Downloads weights from their publisher over HTTP, going on where an earlier download stopped."""

from __future__ import annotations

import http.client
import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from ahe.errors import ModelUnavailable
from ahe.models.weights import CHUNK, Weights

CONNECT_SECONDS = 4.0
READ_SECONDS = 60.0
HTTP_PARTIAL = 206
HTTP_RANGE_REFUSED = 416


def download(weights: Weights, partial: Path, progress: Callable[[int], None]) -> None:
    """Completes `partial` from `weights.url`. Raises ModelUnavailable; what has come so far stays."""
    there = partial.stat().st_size if partial.is_file() else 0
    if there > weights.size:
        partial.unlink()
        there = 0
    if there == weights.size:
        return
    try:
        _reachable(weights.url)
        _append(weights, partial, there, progress)
    except urllib.error.HTTPError as error:
        if error.code == HTTP_RANGE_REFUSED:
            partial.unlink(missing_ok=True)
        raise ModelUnavailable(f"{weights.url}: HTTP {error.code}") from error
    except (OSError, http.client.HTTPException) as error:
        raise ModelUnavailable(f"{weights.url}: {getattr(error, 'reason', error)}") from error
    if partial.stat().st_size != weights.size:
        raise ModelUnavailable(
            f"{weights.url}: the connection ended early; run the same command again to go on"
        )


def _append(weights: Weights, partial: Path, there: int, progress: Callable[[int], None]) -> None:
    request = urllib.request.Request(weights.url, headers={"Range": f"bytes={there}-"} if there else {})
    with urllib.request.urlopen(request, timeout=READ_SECONDS) as answer:
        # A server that ignores the range sends everything from the start.
        goes_on = there > 0 and answer.status == HTTP_PARTIAL
        done = there if goes_on else 0
        with partial.open("ab" if goes_on else "wb") as file:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                done += len(chunk)
                progress(done)


def _reachable(url: str) -> None:
    """Raises OSError within seconds where the publisher cannot be reached, so that the mirror gets its turn.

    Behind a proxy only the proxy can tell.
    """
    parts = urlsplit(url)
    if urllib.request.getproxies().get(parts.scheme):
        return
    port = parts.port or (443 if parts.scheme == "https" else 80)
    socket.create_connection((parts.hostname or "", port), timeout=CONNECT_SECONDS).close()
