"""TAP (the Test Anything Protocol), Rust, Jest, and verifiers without a framework."""

from __future__ import annotations

import re

from ahe.debug.verifiers.failure import Failure, last_exception, without_frames

_MARK = re.compile(
    r"^\s*(?:\[?\s*(?:FAIL(?:ED|URE)?|ERROR|NOT OK|KO)\s*\]?\s*[:\-–—]?\s+|(?:✗|✘|✕|×|❌)\s*)(\S.*)$"
    r"|^(.*\S)\s*(?:\.{2,}|:|-)\s*(?:FAIL(?:ED)?|NOT OK)\s*$"
)
_EMPTY = re.compile(
    r"^[\s=\-*_#.]*$|^(?:exit(?:ed)?(?: with)?(?: code| status)?:?\s*\d+|reward:? *[\d.]+|score:? *[\d.]+"
    r"|(?:tests? |result:? *)?"
    r"(?:fail(?:ed|ure)?|error)s?[.!]?|\d+ (?:tests? )?failed.*|\d+ (?:of|/) ?\d+ .*|test result: FAILED.*|"
    r"some tests failed.*|verification failed\.?|FAILED \(.*\)|Ran \d+ tests?.*|note: run with .*)$",
    re.IGNORECASE,
)
_RUST = re.compile(r"^---- (\S+) stdout ----\n(.*?)(?=^---- |^failures:|\Z)", re.MULTILINE | re.DOTALL)
_JEST = re.compile(r"^ {2}● (.+)\n((?:(?! {2}● ).*\n?)*)", re.MULTILINE)
_TEST = re.compile(r"^\s*(not )?ok\b(?:\s+\d+)?(?:\s*-?\s*(.*?))?\s*$")
_DIRECTIVE = re.compile(r"#\s*(?:todo|skip)", re.IGNORECASE)
_MESSAGE = re.compile(r"^\s*(?:#\s*)?(?:message|error|reason)\s*:\s*(.+)$", re.IGNORECASE)


def parse_plain(text: str) -> list[Failure]:
    """One failure for each marked line; else the exception of a traceback; else the last meaningful line."""
    special = _rust(text) or _jest(text)
    if special:
        return special
    lines = without_frames(text.split("\n"))
    marked = [Failure("", line.strip(), line.strip()) for line in lines if _is_marked(line)]
    if marked:
        return marked
    exception = last_exception(lines)
    if exception:
        return [Failure("", exception, exception.strip())]
    meaningful = [line.strip() for line in lines if not _EMPTY.match(line.strip())]
    last = (
        meaningful[-1] if meaningful else next((line.strip() for line in reversed(lines) if line.strip()), "")
    )
    return [Failure("", last, last)] if last else []


def _is_marked(line: str) -> bool:
    return _MARK.match(line) is not None and not _EMPTY.match(line.strip())


def _rust(text: str) -> list[Failure]:
    found = []
    for match in _RUST.finditer(text):
        lines = [line for line in match[2].split("\n") if line.strip() and not line.startswith("note: ")]
        at = next((n for n, line in enumerate(lines) if "panicked at" in line), None)
        if at is None:
            decisive = lines[0] if lines else ""
        else:
            below = at + 1 < len(lines) and lines[at].rstrip().endswith(":")
            decisive = lines[at + 1] if below else lines[at]
        found.append(Failure(match[1], "\n".join(lines), decisive.strip()))
    return found


def _jest(text: str) -> list[Failure]:
    found = []
    for match in _JEST.finditer(text):
        body = [line for line in match[2].split("\n") if line.strip()]
        said = [line for line in body if not re.match(r"^\s*(?:>?\s*\d+ \||\||at )", line)]
        if said:
            found.append(Failure(match[1].strip(), "\n".join(said), said[0].strip()))
    return found


def is_tap(text: str) -> bool:
    return bool(
        re.search(r"^TAP version \d+", text, re.M)
        or (re.search(r"^1\.\.\d+", text, re.M) and re.search(r"^(?:not )?ok \d+", text, re.M))
        or re.search(r"^Bail out!", text, re.M)
    )


def parse_tap(text: str) -> list[Failure]:
    """Failed tests and subtests, except those marked TODO or SKIP."""
    found: list[Failure] = []
    open_: tuple[str, list[str]] | None = None
    for line in [*text.split("\n"), "1..0"]:
        match = _TEST.match(line)
        ends = match is not None or re.match(r"^\s*(?:1\.\.\d+|Bail out!|TAP version)", line) is not None
        if ends and open_ is not None:
            found.append(_tap_failure(*open_))
            open_ = None
        if line.startswith("Bail out!"):
            found.append(Failure("", line, line.strip()))
        elif match and match[1] and not _DIRECTIVE.search(match[2] or ""):
            open_ = (match[2] or "", [line])
        elif open_ is not None and line.strip() and re.match(r"^\s|^#", line):
            open_[1].append(line)
    return found


def _tap_failure(name: str, lines: list[str]) -> Failure:
    said = [line for line in lines[1:] if line.strip() not in ("---", "...")]
    for line in said:
        match = _MESSAGE.match(line)
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
