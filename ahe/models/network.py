"""What keeps a call from reaching an endpoint, said in one line that names it and the fix."""

from __future__ import annotations

import os
import socket
import ssl
from importlib.util import find_spec
from pathlib import Path
from urllib.request import getproxies

PROXIES = ("http", "https", "socks5", "socks5h")


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
