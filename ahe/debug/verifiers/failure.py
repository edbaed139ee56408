"""A failed test as the verifier reported it, and the removal of test source from test output.

A framework shows the code around a failure. Those words belong to the test, not to its outcome: a decorator named
`timeout` would turn every assertion into a timeout. So echoed source is removed before a decisive line is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

EXCEPTION = re.compile(
    r"^(?:[A-Za-z_][\w.$]*(?:Error|Exception|Exit|Interrupt|Warning|Failure)|Failed|Timeout)\b"
)
_FRAME = re.compile(r'^\s*File "[^"\n]+", line \d+|^\s*at [\w.$<>]+\(.*\)$|^\S+\.py:\d+: (?:in \S+|\w*)$')
_XTRACE = re.compile(r"^\++ ")
_POINTERS = re.compile(r"^\s*[\^~]+\s*$")


@dataclass(frozen=True, slots=True)
class Failure:
    """`message` is what the test printed about its failure, without its source. `decisive` is the one line of it
    that names the failure, exactly as in the file (JSON and XML decoded). Both may be empty.
    """

    test: str
    message: str
    decisive: str

    @property
    def key(self) -> str:
        """The name of the test that is the same in every format: class if any, name, parameters."""
        name, bracket, parameters = self.test.partition("[")
        match = re.match(r"(\S+) \(([\w.]+)\)", name)
        if match:
            name = match[2] if match[2].endswith(f".{match[1]}") else f"{match[2]}.{match[1]}"
        parts = [part for part in re.split(r"::|/|\.(?!py\b)", name) if part] or [""]
        kept = parts[-2:] if len(parts) > 1 and parts[-2][:1].isupper() else parts[-1:]
        return ".".join(kept) + bracket + parameters


def last_exception(lines: Iterable[str]) -> str:
    """The last line of the last traceback: one that begins with an exception's name."""
    found = ""
    for line in lines:
        if EXCEPTION.match(line):
            found = line
    return found


def without_pytest_source(section: str) -> list[str]:
    """The lines of one failure's section that are not source: `E` lines and captured output.

    In pytest's long and short styles, lines before the `E` lines that are indented or marked with `>` are source.
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
    """The lines without traceback frames, the source below each frame, and the echo of `set -x`."""
    kept: list[str] = []
    inside = False
    for line in lines:
        if line.startswith("Traceback (most recent call last)"):
            inside = True
            continue
        if inside and (line[:1].isspace() or _FRAME.match(line) or not line):
            continue
        inside = False
        if not _XTRACE.match(line) and not _FRAME.match(line) and not _POINTERS.match(line):
            kept.append(line)
    return kept
