"""A failed test as the verifier reported it, and how test source is told from test output.

A framework shows the code around a failure. Its words are the test's, not the outcome's: a decorator named
`timeout` would make every assertion a timeout. So echoed source is removed before a decisive line is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

EXCEPTION = re.compile(
    r"^(?:[A-Za-z_][\w.$]*(?:Error|Exception|Exit|Interrupt|Warning|Failure)|Failed|Timeout)\b"
)
_FRAME = re.compile(r'^\s*File "[^"\n]+", line \d+|^\s*at [\w.$<>]+\(.*\)$|^\S+\.py:\d+: (?:in \S+|\w*)$')
_XTRACE = re.compile(r"^\++ ")
_POINTERS = re.compile(r"^\s*[\^~]+\s*$")


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


def without_pytest_source(section: str) -> list[str]:
    """The lines of one failure's section that are not source: what starts with `E`, and captured output.

    In pytest's long and short styles everything indented or marked with `>` before the `E` lines is source.
    """
    kept: list[str] = []
    captured = False
    for line in section.split("\n"):
        if re.match(r"^-{3,} Captured .* -{3,}$", line):
            captured = True
        if captured or line.startswith(("E  ", "E\t")) or line == "E" or (line and not line[0].isspace()):
            if line.startswith(">") or _FRAME.match(line):
                continue
            kept.append(line)
    return kept


def without_frames(lines: list[str]) -> list[str]:
    """Lines without the frames of tracebacks and the source that stands under each, and without `set -x`."""
    return list(_without_frames(lines))


def _without_frames(lines: list[str]) -> Iterator[str]:
    inside = False
    for line in lines:
        if line.startswith("Traceback (most recent call last)"):
            inside = True
            continue
        if inside and (line[:1].isspace() or _FRAME.match(line) or not line):
            continue
        inside = False
        if not _XTRACE.match(line) and not _FRAME.match(line) and not _POINTERS.match(line):
            yield line
