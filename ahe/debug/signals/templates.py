"""Templates of lines: what stays the same when a command is run again at another time and place.

Templates are UTF-8, because translating bytes is several times faster than translating text.
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
"""The prefix of a logger in lower case: time, level, name. It may match the empty string."""
_IN_LINE = re.compile(_LOGGER, re.ASCII)
_IN_TEMPLATES = re.compile(rb"^" + _LOGGER.encode(), re.MULTILINE)

_EDGES = b'.,:;()[]{}<>!?*|"'


def fine(text: str) -> bytes:
    """The text in lower case, numbers replaced by 0 and words of mixed letters and digits (hashes) by #.

    A lone 0 stays different from other numbers: `0 rows` is not `12 rows`. The prefix of a logger (time, level, name)
    is removed. Line breaks are kept.
    """
    small = text.encode("utf-8", "surrogatepass").replace(b" 0 ", b" zero ").translate(_SMALL)
    while b"00" in small:
        small = small.replace(b"0000", b"0").replace(b"00", b"0")
    parts = _MIXED.split(small)
    last = parts.pop()
    return _IN_TEMPLATES.sub(b"", b"".join([part.rstrip(_LETTERS) + b"#" for part in parts]) + last)


def message_start(line: str) -> int:
    """Where the message begins in a lower-case line: after the prefix of a logger."""
    found = _IN_LINE.match(line)
    return found.end() if found else 0


def coarse(line: bytes) -> bytes:
    """The plain words of a line in fine form: without paths, quoted names, identifiers and numbers."""
    tokens = line.rstrip(b'"').replace(b"=", b" = ").split()
    plain = b" ".join([token for token in tokens if token.isalpha()])
    if b" " in plain:
        return plain
    return b" ".join([word for token in tokens if (word := token.strip(_EDGES)).isalpha()])


def digest(template: bytes) -> int:
    """8 bytes of a template, the same in every process."""
    return int.from_bytes(blake2b(template, digest_size=8).digest(), "little")


class Frequency:
    """In how many of `tasks` each template was seen; a table of fixed size, whose counts may be slightly too high.

    A count-min sketch: two 8-bit cells for each template, of which the smaller one counts; 2 × 8 MiB in total.
    The order in which tasks are added does not matter.
    """

    CELLS = 1 << 23

    def __init__(self) -> None:
        self.tasks = 0
        self._first = bytearray(self.CELLS)
        self._second = bytearray(self.CELLS)

    def add(self, templates: Collection[int]) -> None:
        """Count each template of one task once. A task without templates is not counted."""
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
        """The number of tasks with the template, 0 to 255."""
        mask = self.CELLS - 1
        return min(self._first[template & mask], self._second[template >> 40 & mask])
