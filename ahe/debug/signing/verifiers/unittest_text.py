"""What Python's unittest prints: a block a failure, between lines of `=` and `-`."""

from __future__ import annotations

import re

from ahe.debug.signing.verifiers.failure import Failure, last_exception
from ahe.debug.signing.verifiers.source import without_frames

_BLOCK = re.compile(r"^={20,}\n(?:FAIL|ERROR): (.+)\n(?:.*\n)??-{20,}\n", re.MULTILINE)
_END = re.compile(r"^-{20,}\nRan \d+ tests? in|^={20,}$", re.MULTILINE)


def is_unittest(text: str) -> bool:
    return _BLOCK.search(text) is not None


def parse(text: str) -> list[Failure]:
    """One failure for each block; the exception that ends its last traceback decides."""
    found = []
    for match in _BLOCK.finditer(text):
        end = _END.search(text, match.end())
        body = text[match.end() : end.start() if end else len(text)]
        kept = [line for line in without_frames(body.split("\n")) if line.strip()]
        decisive = last_exception(kept) or (kept[0] if kept else "")
        found.append(Failure(match[1], "\n".join(kept), decisive))
    return found
