"""How single texts are shown to the debugger: as a terminal would have, and within a length."""

from __future__ import annotations

import itertools

from ahe.debug.clean.terminal import resolve


def shown(text: str) -> str:
    """What a terminal would have shown of a text."""
    return resolve(text)


def readable(text: str, limit: int) -> str:
    """A text as it can be sent to a model: as shown, whole characters only, its middle cut at a limit."""
    seen = shown(text)
    if len(seen) <= limit:
        return seen
    return f"{seen[: limit // 3]}\n[…]\n{seen[-(limit - limit // 3) :]}"


def lines(text: str, limit: int) -> list[str]:
    """The lines of a readable text that are not empty, of equal ones in a row only one."""
    found = (line.strip() for line in readable(text, limit).splitlines())
    return [line for line, _ in itertools.groupby(found) if line]
