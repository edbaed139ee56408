"""Verifiers of no known framework: lines that say FAIL, tracebacks, else the last line tells."""

from __future__ import annotations

import re

from ahe.debug.signing.verifiers.failure import Failure, last_exception
from ahe.debug.signing.verifiers.source import without_frames

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


def parse(text: str) -> list[Failure]:
    """Marked lines, each a failure; else the exception of a traceback; else the last line that says "
    "something."""
    special = _rust(text) or _jest(text)
    if special:
        return special
    lines = without_frames(text.split("\n"))
    marked = [Failure("", line.strip(), line.strip()) for line in lines if _says(line)]
    if marked:
        return marked
    exception = last_exception(lines)
    if exception:
        return [Failure("", exception, exception.strip())]
    told = [line.strip() for line in lines if not _EMPTY.match(line.strip())]
    last = told[-1] if told else next((line.strip() for line in reversed(lines) if line.strip()), "")
    return [Failure("", last, last)] if last else []


def _says(line: str) -> bool:
    match = _MARK.match(line)
    return bool(match) and not _EMPTY.match(line.strip())


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
