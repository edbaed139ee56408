"""Takes echoed test source out of what a test framework printed.

A framework shows the code around a failure. Its words are the test's, not the outcome's: a decorator named
`timeout` would make every assertion a timeout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_FRAME = re.compile(r'^\s*File "[^"\n]+", line \d+|^\s*at [\w.$<>]+\(.*\)$|^\S+\.py:\d+: (?:in \S+|\w*)$')
_XTRACE = re.compile(r"^\++ ")
_POINTERS = re.compile(r"^\s*[\^~]+\s*$")


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
