"""Keeps keys out of what comes back: an endpoint, or a proxy before it, may repeat a request's headers.

A key is found plain, escaped (JSON, Python, HTML, URL; also several times over), in Base64 and in hexadecimal.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_letters, digits
from urllib.parse import parse_qsl, unquote, urlsplit
from urllib.request import getproxies

from ahe.records import ModelSpec

HIDDEN = "[redacted]"
LEAST_IN_ERRORS, LEAST_IN_REPLIES = 4, 8
SURE = 16
"""Shorter values stay. In a reply, so do those below `SURE` without letters and digits: words such as `not-needed` or
a user's name are more likely the model's own.
"""
_SLASHES = r"(?:\\++(?i:u005c|x5c)?|(?i:%(?:25)*5c|&#x0*5c;)|&#0*92;)*"
"""Backslashes, plain or escaped, however many there are."""
_URL_SAFE = str.maketrans("+/", "-_")
_NAMES_A_SECRET = ("key", "token", "secret", "pass", "sig", "auth")


@dataclass(frozen=True)
class Secrets:
    """Finds the secrets of a run in every form: keys, and credentials in addresses of endpoints and proxies."""

    in_errors: tuple[re.Pattern[str], ...] = ()
    in_replies: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def of(cls, specs: Iterable[ModelSpec]) -> Secrets:
        long = sorted(
            {v for v in _values(specs) if len(v.replace("\\", "")) >= LEAST_IN_ERRORS}, key=len, reverse=True
        )
        mixed = [value for value in long if re.search(r"\d", value) and re.search(r"[^\W\d_]", value)]
        sure = [v for v in long if len(v) >= SURE or (len(v) >= LEAST_IN_REPLIES and v in mixed)]
        errors, replies = (tuple(form for value in each for form in _forms(value)) for each in (long, sure))
        return cls(errors, replies)

    def hide(self, text: str) -> str:
        """An error's text without any secret."""
        for form in self.in_errors:
            text = form.sub(HIDDEN, text)
        return text

    def hide_in_reply(self, raw: bytes) -> bytes:
        """A body without any secret; unchanged, byte by byte, if there was none."""
        text = raw.decode("utf-8", "surrogateescape")
        for form in self.in_replies:
            text = form.sub(HIDDEN, text)
        return text.encode("utf-8", "surrogateescape")


def shown(base_url: str) -> str:
    """An address as people may see it: without credentials and query."""
    parts = urlsplit(base_url.strip())
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _values(specs: Iterable[ModelSpec]) -> Iterator[str]:
    addresses = list(getproxies().values())
    for spec in specs:
        addresses.append(spec.base_url)
        yield os.environ.get(spec.api_key_env, "").strip() if spec.api_key_env else ""
    for address in addresses:
        try:
            parts = urlsplit(address)
        except ValueError:
            continue
        user, password = parts.username or "", parts.password or ""
        secret = [f"{user}:{password}", password] if password else [user]
        named = [v for k, v in parse_qsl(parts.query) if any(word in k.lower() for word in _NAMES_A_SECRET)]
        for value in (*secret, *named):
            yield from {value, unquote(value)}


@lru_cache(maxsize=64)
def _forms(secret: str) -> tuple[re.Pattern[str], ...]:
    data = secret.encode()
    forms = [_pattern(secret), re.compile(data.hex(), re.IGNORECASE)]
    for shift in range(3):
        # Inside a longer text the first and the last character of the Base64 also hold bits of its neighbours.
        first, end = -(-shift * 8 // 6), (shift + len(data)) * 8 // 6
        form = base64.b64encode(bytes(shift) + data).decode()[first:end]
        forms += [_pattern(each, plain=ascii_letters + digits) for each in {form, form.translate(_URL_SAFE)}]
    return tuple(forms)


def _pattern(secret: str, plain: str = "") -> re.Pattern[str]:
    """Finds a secret with any of its characters escaped, but those in `plain`. Its own backslashes do not count."""
    parts: list[str] = []
    for ch in secret.replace("\\", ""):
        before = (
            _SLASHES if parts else r"(?<!\\)\\*+"
        )  # a run of them is looked at once, not from each of its places
        percent = "".join(f"%(?:25)*{byte:02x}" for byte in ch.encode())
        codes = f"(?i:u{ord(ch):04x}|x{ord(ch):02x}|{percent}|&#x0*{ord(ch):x};)|&#0*{ord(ch)};"
        parts.append(ch if ch in plain else f"{before}(?:{re.escape(ch)}|{codes})")
    return re.compile("".join(parts))
