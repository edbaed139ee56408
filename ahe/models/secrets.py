"""Keeps keys out of what comes back: an endpoint, or a proxy before it, may repeat a request's headers.

A key is found plain, escaped (JSON, Python, HTML, URL; also several times over), in Base64 and in hexadecimal.
"""

from __future__ import annotations

import base64
import os
import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit
from urllib.request import getproxies

from ahe.records import ModelSpec

HIDDEN = "[redacted]"
LEAST_IN_ERRORS, LEAST_IN_REPLIES = 4, 8
SURE = 16
"""Shorter values stay. In a reply, so do those below `SURE` without letters and digits: words such as `not-needed` or
a user's name are more likely the model's own.
"""
_NAMES_A_SECRET = ("key", "token", "secret", "pass", "sig", "auth")
_ESCAPED = re.compile(
    r"\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))?|%(?:25)*([0-9a-fA-F]{2})|&#[xX]0*([0-9a-fA-F]{1,2});|&#0*(\d{1,3});"
)
_EACH = re.compile(rf"{_ESCAPED.pattern}|(.)", re.DOTALL)


@dataclass(frozen=True)
class Secrets:
    """The secret values of a run in every form: keys, and the credentials in addresses of endpoints and proxies."""

    in_errors: frozenset[str] = frozenset()
    in_replies: frozenset[str] = frozenset()

    @classmethod
    def of(cls, specs: Iterable[ModelSpec]) -> Secrets:
        long = {value for value in _values(specs) if len(value) >= LEAST_IN_ERRORS}
        sure = {value for value in long if len(value) >= SURE or _random(value)}
        errors, replies = (
            frozenset(form for value in each for form in _forms(value)) for each in (long, sure)
        )
        return cls(errors, replies)

    def hide(self, text: str) -> str:
        """An error's text without any secret."""
        return _without(text, self.in_errors)

    def hide_in_reply(self, raw: bytes) -> bytes:
        """A body without any secret; unchanged, byte by byte, if there was none."""
        return _without(raw.decode("utf-8", "surrogateescape"), self.in_replies).encode(
            "utf-8", "surrogateescape"
        )


def _random(value: str) -> bool:
    mixed = any(ch.isdigit() for ch in value) and any(ch.isalpha() for ch in value)
    return mixed and len(value) >= LEAST_IN_REPLIES


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


def _forms(secret: str) -> Iterator[str]:
    """What to look for in an unescaped text."""
    data = secret.encode()
    yield _ESCAPED.sub(_unescaped, secret)
    yield from (data.hex(), data.hex().upper())
    for shift in range(3):
        # Inside a longer text the first and the last character of the Base64 also hold bits of its neighbours.
        first, end = -(-shift * 8 // 6), (shift + len(data)) * 8 // 6
        form = base64.b64encode(bytes(shift) + data).decode()[first:end]
        yield from {form, form.replace("+", "-").replace("/", "_")}


def _unescaped(match: re.Match[str]) -> str:
    """The character that is escaped; nothing for backslashes, so that how many there are does not matter."""
    digits = match[1] or match[2] or match[3] or match[4]
    ch = chr(int(digits, 16)) if digits else chr(int(match[5])) if match[5] else ""
    return ch.replace("\\", "")


def _without(text: str, forms: frozenset[str]) -> str:
    plain = _ESCAPED.sub(_unescaped, text)
    if not any(form in plain for form in forms):
        return text
    starts, ends = _places(text)
    hits = sorted((m.start(), m.end()) for form in forms for m in re.finditer(re.escape(form), plain))
    pieces, at = [], 0
    for first, after in hits:
        if starts[first] >= at:
            pieces += [text[at : starts[first]], HIDDEN]
        at = max(at, ends[after - 1])
    return "".join([*pieces, text[at:]])


def _places(text: str) -> tuple[array[int], array[int]]:
    """Where each character of the unescaped text begins in `text`, with the backslashes before it, and ends."""
    starts, ends, begin = array("L"), array("L"), 0  # lists of them would be 80 bytes a character
    for match in _EACH.finditer(text):
        if match[6] or _unescaped(match):
            starts.append(begin)
            ends.append(match.end())
            begin = match.end()
    return starts, ends
