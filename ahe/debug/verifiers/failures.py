"""All failures in a verifier's files, whatever framework wrote them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ahe.debug.readers.trace import VerifierFile
from ahe.debug.verifiers import gotest, plain, python, structured, verdict
from ahe.debug.verifiers.failure import Failure

Parser = tuple[Callable[[str], bool], Callable[[str], list[Failure]]]

_FORMATS: tuple[Parser, ...] = (
    (structured.is_ctrf, structured.parse_ctrf),
    (structured.is_junit, structured.parse_junit),
    (verdict.is_verdict, verdict.parse_verdict),
    (python.is_pytest, python.parse_pytest),
    (python.is_unittest, python.parse_unittest),
    (gotest.is_go, gotest.parse),
    (plain.is_tap, plain.parse_tap),
)
_NOT_OUTPUT = ("reward.txt", "reward.json", "metrics.json")


def failures(files: Sequence[VerifierFile]) -> tuple[Failure, ...]:
    """Each failed test once. Plain text counts only if no file of a known format reports a failure.

    If two files report the same test, the first in order (CTRF, JUnit, then text) is taken, unless only the other
    has a decisive line. The order of `files` does not matter.
    """
    known: dict[str, Failure] = {}
    rest: list[str] = []
    for rank, file in sorted(((_rank(f.text), f) for f in files), key=lambda p: (p[0], p[1].name, p[1].text)):
        if file.name.rsplit("/", 1)[-1] in _NOT_OUTPUT:
            continue
        if rank == len(_FORMATS):
            rest.append(file.text)
            continue
        for failure in _FORMATS[rank][1](file.text):
            before = known.get(failure.key)
            if before is None or (failure.decisive and not before.decisive):
                known[failure.key] = failure
    if known:
        return tuple(map(_said, known.values()))
    return tuple(
        failure
        for text in rest
        for failure in (verdict.parse_unknown if verdict.is_json(text) else plain.parse_plain)(text)
    )


def _said(failure: Failure) -> Failure:
    """The failure; if no line of it is decisive, the first one is."""
    return (
        failure if failure.decisive else replace(failure, decisive=failure.message.split("\n", 1)[0].strip())
    )


def decisive_line(found: Sequence[Failure]) -> str:
    """The line that a report quotes for a trial: that of the first failure that has one."""
    return next((failure.decisive for failure in found if failure.decisive), "")


def _rank(text: str) -> int:
    return next((rank for rank, (fits, _) in enumerate(_FORMATS) if fits(text)), len(_FORMATS))
