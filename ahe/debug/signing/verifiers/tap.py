"""The Test Anything Protocol: `not ok` lines with what is said below them."""

from __future__ import annotations

import re

from ahe.debug.signing.verifiers.failure import Failure

_TEST = re.compile(r"^\s*(not )?ok\b(?:\s+\d+)?(?:\s*-?\s*(.*?))?\s*$")
_DIRECTIVE = re.compile(r"#\s*(?:todo|skip)", re.IGNORECASE)
_TOLD = re.compile(r"^\s*(?:#\s*)?(?:message|error|reason)\s*:\s*(.+)$", re.IGNORECASE)


def is_tap(text: str) -> bool:
    return bool(
        re.search(r"^TAP version \d+", text, re.M)
        or (re.search(r"^1\.\.\d+", text, re.M) and re.search(r"^(?:not )?ok \d+", text, re.M))
        or re.search(r"^Bail out!", text, re.M)
    )


def parse(text: str) -> list[Failure]:
    """Failed tests but for those marked TODO or SKIP. A parent whose subtests failed says less than they."""
    found: list[Failure] = []
    open_: tuple[str, list[str]] | None = None
    for line in [*text.split("\n"), "1..0"]:
        match = _TEST.match(line)
        ends = match is not None or re.match(r"^\s*(?:1\.\.\d+|Bail out!|TAP version)", line) is not None
        if ends and open_ is not None:
            found.append(_failure(*open_))
            open_ = None
        if line.startswith("Bail out!"):
            found.append(Failure("", line, line.strip()))
        elif match and match[1] and not _DIRECTIVE.search(match[2] or ""):
            open_ = (match[2] or "", [line])
        elif open_ is not None and line.strip() and re.match(r"^\s|^#", line):
            open_[1].append(line)
    return found


def _failure(name: str, lines: list[str]) -> Failure:
    said = [line for line in lines[1:] if line.strip() not in ("---", "...")]
    for line in said:
        match = _TOLD.match(line)
        if match and match[1].strip() not in ("|-", "|", ">-", ">"):
            return Failure(name, "\n".join(said), match[1].strip().strip("'\""))
        if match:
            below = said[said.index(line) + 1 :]
            if below:
                return Failure(name, "\n".join(said), below[0].strip())
    hints = [line.strip() for line in said if line.strip().lstrip("# ")]
    useful = [hint for hint in hints if not re.match(r"^(?:#\s*)?(?:Failed test|at |\(in test file)", hint)]
    decisive = (useful or hints or [lines[0].strip()])[0]
    return Failure(name, "\n".join(said), decisive)
