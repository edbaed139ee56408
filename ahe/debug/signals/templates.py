"""Templates of lines: what stays the same when a command is run again on another day, in another place.

Templates are UTF-8: tables over bytes are several times faster than over text.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from hashlib import blake2b

_LETTERS = bytes(range(ord("a"), ord("z") + 1))
_SMALL = bytes.maketrans(bytes(range(ord("A"), ord("Z") + 1)) + b"123456789", _LETTERS + b"0" * 9)
_MIXED = re.compile(rb"0[a-z]+0[a-z0]*")
_LOGGER = (
    r"[ \t]*(?:time=\S+[ \t]+|\[?[\d#]+[:\-/.][\d#:.,\-/a-z]*\]?[ \t]+(?:\d+:[\d:.,]+z?[ \t]+)?"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) +\d+ \d+:[\d:]+ \S+ \S+: )?"
    r"(?:\[?(?:level=)?(?:info|debug|notice|trace|warn(?:ing)?|error)\]?(?::[\w.]+)?:?[ \t]*(?<=[ \t:]))?"
    r"(?:msg=\"?)?"
)
"""What a logger puts before a message, in lower case: time, level, name. It matches any line, perhaps nothing of it."""
_IN_LINE = re.compile(_LOGGER, re.ASCII)
_IN_TEMPLATES = re.compile(rb"^" + _LOGGER.encode(), re.MULTILINE)

_EDGES = b'.,:;()[]{}<>!?*|"'


def fine(text: str) -> bytes:
    """Text in lower case with numbers made 0 and words of mixed letters and digits (hashes) made #.

    A lone 0 stays apart from other numbers: `0 rows` is not `12 rows`. What a logger puts before a message
    (time, level, name) goes. Lines stay lines.
    """
    small = text.encode("utf-8", "surrogatepass").replace(b" 0 ", b" zero ").translate(_SMALL)
    while b"00" in small:
        small = small.replace(b"0000", b"0").replace(b"00", b"0")
    parts = _MIXED.split(small)
    last = parts.pop()
    return _IN_TEMPLATES.sub(b"", b"".join([part.rstrip(_LETTERS) + b"#" for part in parts]) + last)


def message_start(line: str) -> int:
    """Where the message begins in a line in lower case: after what a logger put before it."""
    found = _IN_LINE.match(line)
    return found.end() if found else 0


def coarse(line: bytes) -> bytes:
    """A fine line's plain words: without paths, quoted names, identifiers and numbers."""
    tokens = line.rstrip(b'"').replace(b"=", b" = ").split()
    plain = b" ".join([token for token in tokens if token.isalpha()])
    if b" " in plain:
        return plain
    return b" ".join([word for token in tokens if (word := token.strip(_EDGES)).isalpha()])


def digest(template: bytes) -> int:
    """8 bytes of a template, the same in every process."""
    return int.from_bytes(blake2b(template, digest_size=8).digest(), "little")


class Frequency:
    """In how many of `tasks` each template was seen, in a table of a fixed size: it may say a little too many.

    Two cells of 8 bits a template, the smaller counts (a count-min sketch); 2 × 8 MiB whatever is counted.
    Adding tasks in any order, or merging tables in any order, gives the same table.
    """

    CELLS = 1 << 23

    def __init__(self) -> None:
        self.tasks = 0
        self._first = bytearray(self.CELLS)
        self._second = bytearray(self.CELLS)

    def add(self, templates: Collection[int]) -> None:
        """Count the templates of one task, each once. One that shows none is not counted."""
        self.tasks += bool(templates)
        mask = self.CELLS - 1
        first, second = self._first, self._second
        for template in set(templates):
            one, other = template & mask, template >> 40 & mask
            if first[one] < 255:
                first[one] += 1
            if second[other] < 255:
                second[other] += 1

    def of(self, template: int) -> int:
        """How many tasks, from 0 to 255."""
        mask = self.CELLS - 1
        return min(self._first[template & mask], self._second[template >> 40 & mask])
