"""What pytest (sections of failures, `E` lines, the short summary) and unittest print."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ahe.debug.verifiers.failure import Failure, last_exception, without_frames, without_pytest_source

_BANNER = re.compile(r"^=+ (.+?) =+$", re.MULTILINE)
_SECTION = re.compile(r"^_{3,} (.+?) _{3,}$", re.MULTILINE)
_SUMMARY = re.compile(r"^(FAILED|ERROR) (\S+(?: \S+)*?)(?: - (.*))?$", re.MULTILINE)
_ASIDE = re.compile(r"^(?:ERROR collecting|ERROR at (?:setup|teardown|call) of|INTERNALERROR) ?")
_BLOCK = re.compile(r"^={20,}\n(?:FAIL|ERROR): (.+)\n(?:.*\n)??-{20,}\n", re.MULTILINE)
_END = re.compile(r"^-{20,}\nRan \d+ tests? in|^={20,}$", re.MULTILINE)


def is_pytest(text: str) -> bool:
    return bool(
        re.search(r"^=+ (?:test session starts|FAILURES|ERRORS|short test summary info) =+$", text, re.M)
        or (re.search(r"^E   ", text, re.M) and _SECTION.search(text))
        or re.search(r"^(?:FAILED|ERROR) \S+\.py(?:::\S+)?(?: - |$)", text, re.M)
        or re.search(r"^=+ .*\d+ (?:failed|passed|errors?)\b.* in [\d.:]+s", text, re.M)
    )


def parse_pytest(text: str) -> list[Failure]:
    """The failures in the order of their sections; where a section names no line, the short summary does."""
    found: dict[str, Failure] = {}
    for failure in _sections(text):
        found.setdefault(failure.key, failure)
    for match in _SUMMARY.finditer(text):
        failure = Failure(match[2], match[3] or "", match[3] or "")
        known = found.get(failure.key)
        if known is None or not known.decisive:
            found[failure.key] = failure
    return list(found.values()) or _internal(text)


def _sections(text: str) -> Iterator[Failure]:
    for body in _bodies(text):
        parts = _SECTION.split(body)
        for name, section in zip(parts[1::2], parts[2::2], strict=True):
            yield from_section(_ASIDE.sub("", name), section)


def _bodies(text: str) -> Iterator[str]:
    parts = _BANNER.split(text)
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        if title in ("FAILURES", "ERRORS"):
            yield body
    if len(parts) == 1:
        yield text


def from_section(test: str, section: str) -> Failure:
    """The failure of a section without its heading; CTRF and JUnit files hold the same text as a test's trace."""
    kept = without_pytest_source(section)
    said = [line[1:].strip() for line in kept if line[:2] in ("E ", "E\t")]
    decisive = last_exception(said) or (said[0] if said else last_exception(kept))
    return Failure(test, "\n".join(said) or decisive, decisive)


def _internal(text: str) -> list[Failure]:
    """pytest itself gave up: usage errors, nothing collected, a crash."""
    match = re.search(r"^(?:INTERNALERROR> |ERROR: |E {2,})(\S.*)$", text, re.M)
    if match is None:
        match = re.search(r"^(?:=+ )?((?:no tests ran|collected 0 items).*?)(?: =+)?$", text, re.M)
    return [Failure("", match[1], match[1])] if match else []


def is_unittest(text: str) -> bool:
    return _BLOCK.search(text) is not None


def parse_unittest(text: str) -> list[Failure]:
    """One failure for each block; its decisive line is the exception that ends its last traceback."""
    found = []
    for match in _BLOCK.finditer(text):
        end = _END.search(text, match.end())
        body = text[match.end() : end.start() if end else len(text)]
        kept = [line for line in without_frames(body.split("\n")) if line.strip()]
        decisive = last_exception(kept) or (kept[0] if kept else "")
        found.append(Failure(match[1], "\n".join(kept), decisive))
    return found
