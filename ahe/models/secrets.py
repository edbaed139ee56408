"""Keeps keys out of what comes back: an endpoint, or a proxy before it, may repeat a request's headers.

A key is found plain, in Base64 and in hexadecimal, each also escaped (JSON, Python, HTML, URL; several times over, in
any order). For that the escapes of a text are undone layer by layer, and each layer is searched; what is found is
replaced in the text itself. The time grows with the length of the text, whatever is in it.
"""

from __future__ import annotations

import base64
import html
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
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
LAYERS = 6
"""Escapes in escapes that are undone. Those of one kind, such as JSON in JSON or URL in URL, are one layer."""
_BACKSLASHES = re.compile(r"\\+")
_ESCAPED = re.compile(
    r"\\+(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))?|%(?:25)*([0-9a-fA-F]{2})|&#[xX]0*([0-9a-fA-F]{1,2});"
    r"|&#0*([0-9]{1,3});|&(amp|lt|gt|quot|apos);"
)
_DECIMAL, _NAMED = 5, 6
"""Groups of `_ESCAPED`; the others are hexadecimal."""
_URL_SAFE = str.maketrans("+/", "-_")
_NAMES_A_SECRET = ("key", "token", "secret", "pass", "sig", "auth")


@dataclass(frozen=True)
class Secrets:
    """Finds the secrets of a run in every form: keys, and credentials in addresses of endpoints and proxies."""

    in_errors: tuple[re.Pattern[str], ...] = ()
    in_replies: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def of(cls, specs: Iterable[ModelSpec]) -> Secrets:
        values = [form for value in _values(specs) for form in (value, *_layers(value))]
        long = {value for value in values if len(value.replace("\\", "")) >= LEAST_IN_ERRORS}
        mixed = {value for value in long if re.search(r"\d", value) and re.search(r"[^\W\d_]", value)}
        sure = {v for v in long if len(v) >= SURE or (len(v) >= LEAST_IN_REPLIES and v in mixed)}
        errors, replies = (tuple(form for value in each for form in _forms(value)) for each in (long, sure))
        return cls(errors, replies)

    def hide(self, text: str) -> str:
        """An error's text without any secret."""
        return _without(text, self.in_errors)

    def hide_in_reply(self, raw: bytes) -> bytes:
        """A body without any secret; unchanged, byte by byte, if there was none."""
        text = raw.decode("utf-8", "surrogateescape")
        return _without(text, self.in_replies).encode("utf-8", "surrogateescape")


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


def _forms(secret: str) -> Iterator[re.Pattern[str]]:
    """What to look for. Backslashes do not count: how many there are differs with each layer of escapes."""
    data = secret.encode("utf-8", "surrogatepass")
    yield re.compile(data.hex(), re.IGNORECASE)
    texts = {secret, data.decode("latin-1")}  # a URL escapes each byte by itself
    for shift in range(3):
        # Inside a longer text the first and the last character of the Base64 also hold bits of its neighbours.
        first, end = -(-shift * 8 // 6), (shift + len(data)) * 8 // 6
        form = base64.b64encode(bytes(shift) + data).decode()[first:end]
        texts |= {form, form.translate(_URL_SAFE)}
    for text in texts:
        yield re.compile(re.escape(text.replace("\\", "")))


def _unescaped(match: re.Match[str]) -> str:
    """The character that is escaped; nothing for backslashes that escape no code."""
    kind = match.lastindex
    if kind is None:
        return ""
    if kind == _NAMED:
        return html.unescape(match[0])
    return chr(int(match[kind], 10 if kind == _DECIMAL else 16))


def _layers(text: str) -> Iterator[str]:
    """The text with its escapes undone, then with those undone that this has made, and so on."""
    for _ in range(LAYERS):
        plain = _ESCAPED.sub(_unescaped, text)
        if plain == text:
            return
        yield plain
        text = plain


def _without(text: str, forms: Sequence[re.Pattern[str]]) -> str:
    if not forms:
        return text
    spans: list[tuple[int, int]] = []
    above: list[str] = []
    for layer in (text, *_layers(text)):
        # Of each layer only the backslashes are undone, too: what stands before a key may make an escape with it.
        found = _origins(layer, _BACKSLASHES, _found(layer.replace("\\", ""), forms))
        for each in reversed(above):
            found = _origins(each, _ESCAPED, found)
        spans += found
        above.append(layer)
    pieces, at = [], 0
    for first, end in _joined(spans):
        pieces += [text[at:first], HIDDEN]
        at = end
    return "".join([*pieces, text[at:]])


def _found(text: str, forms: Sequence[re.Pattern[str]]) -> list[tuple[int, int]]:
    spans = []
    for form in forms:
        match = form.search(text)
        while match:
            spans.append(match.span())
            match = form.search(text, match.start() + 1)
    return _joined(spans)


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The spans in order; those that overlap are one."""
    joined: list[tuple[int, int]] = []
    for first, end in sorted(spans):
        if joined and first < joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((first, end))
    return joined


def _origins(text: str, escaped: re.Pattern[str], spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where spans of the unescaped text, in order, are in the text, with the backslashes before them."""
    places = deque(place for span in spans for place in span)
    found: list[int] = []
    more = 0  # characters that the text had more so far
    for match in escaped.finditer(text) if places else ():
        while places and places[0] <= match.start() - more:
            found.append(places.popleft() + more)
        if not places:
            break
        more += len(match[0]) - len(_unescaped(match))
    found += [place + more for place in places]
    return list(zip(found[::2], found[1::2], strict=True))
