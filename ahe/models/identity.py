"""The identity of a model: its fingerprint, and whether `ahe` serves it itself."""

import hashlib
import json
from urllib.parse import urlsplit

from ahe.errors import UsageError
from ahe.records import ModelSpec

IN_PROCESS = frozenset({"local", "scripted"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def served_here(spec: ModelSpec) -> str | None:
    """`local` or `scripted` if `ahe` starts the server itself, else None.

    Raises UsageError if the spec has neither an address nor such a name.
    """
    if spec.base_url:
        _check(spec.base_url.strip())
        return None
    kind = spec.name.partition(":")[0]
    if kind not in IN_PROCESS:
        raise UsageError(
            f"the model {spec.name!r} has no address: set `base_url` beside its name in ahe.toml "
            '(for example "https://api.openai.com/v1"), or use name = "local"'
        )
    return kind


def _check(base_url: str) -> None:
    try:
        parts = urlsplit(base_url)
        whole = parts.path.rstrip("/").endswith("/chat/completions")
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not whole:
            return
    except ValueError:
        whole = False
    place = base_url.rpartition("@")[2].partition("?")[0]
    hint = "correct it in ahe.toml"
    if whole:
        hint = "leave /chat/completions at its end out"
    elif "://" not in base_url:
        hint = f'write "http{"" if place.partition(":")[0] in LOOPBACK else "s"}://{place}"'
    raise UsageError(f"base_url = {place!r} is not the address of an endpoint: {hint}")


def on_loopback(base_url: str) -> bool:
    """Whether the address is this machine's own."""
    return (urlsplit(base_url).hostname or "") in LOOPBACK


def fingerprint(spec: ModelSpec) -> str:
    """16 hexadecimal digits, equal exactly when the trials of two specs may be pooled.

    Embedded weights are identified by their sha256, not by their path or port; an address without credentials and
    trailing slash, with scheme and host in lower case.
    """
    kind, parts = served_here(spec), urlsplit(spec.base_url.strip())
    host = parts.netloc.rpartition("@")[2].lower()
    known_by_weights = kind == "local" and spec.weights_sha256
    identity = {
        "where": kind or f"{parts.scheme.lower()}://{host}{parts.path.rstrip('/')}",
        "name": "" if known_by_weights else spec.name,
        "weights": spec.weights_sha256,
        "temperature": spec.temperature,
        "tool_calls": spec.tool_calls,
    }
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
