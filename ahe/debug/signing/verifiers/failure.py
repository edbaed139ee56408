"""A failed test as the verifier told it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

EXCEPTION = re.compile(
    r"^(?:[A-Za-z_][\w.$]*(?:Error|Exception|Exit|Interrupt|Warning|Failure)|Failed|Timeout)\b"
)


@dataclass(frozen=True, slots=True)
class Failure:
    """`message` is all that the test said about its failure, without its source; `decisive` is the one line
    of it that decides, as it stands in the file (in JSON or XML: in the decoded text). Both may be empty.
    """

    test: str
    message: str
    decisive: str

    @property
    def key(self) -> str:
        """What one test is called in every format: its name with its parameters, after its class if any."""
        name, bracket, parameters = self.test.partition("[")
        match = re.match(r"(\S+) \(([\w.]+)\)", name)
        if match:
            name = match[2] if match[2].endswith(f".{match[1]}") else f"{match[2]}.{match[1]}"
        parts = [part for part in re.split(r"::|/|\.(?!py\b)", name) if part] or [""]
        kept = parts[-2:] if len(parts) > 1 and parts[-2][:1].isupper() else parts[-1:]
        return ".".join(kept) + bracket + parameters


def last_exception(lines: Iterable[str]) -> str:
    """The line that ends the last traceback: an exception's name at the line's beginning."""
    found = ""
    for line in lines:
        if EXCEPTION.match(line):
            found = line
    return found


def chosen(test: str, lines: Iterable[str]) -> Failure:
    """A failure of which nothing is known but some lines: an exception decides, else the first line."""
    kept = [line for line in lines if line.strip()]
    decisive = last_exception(kept) or (kept[0] if kept else "")
    return Failure(test, "\n".join(kept), decisive.strip())
