"""All failures that a verifier's files tell of, whatever framework wrote them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ahe.debug.readers.trace import VerifierFile
from ahe.debug.signing.verifiers import gotest, plain, pytest_text, structured, tap, unittest_text
from ahe.debug.signing.verifiers.failure import Failure

Parser = tuple[Callable[[str], bool], Callable[[str], list[Failure]]]

_FORMATS: tuple[Parser, ...] = (
    (structured.is_ctrf, structured.parse_ctrf),
    (structured.is_junit, structured.parse_junit),
    (pytest_text.is_pytest, pytest_text.parse),
    (unittest_text.is_unittest, unittest_text.parse),
    (gotest.is_go, gotest.parse),
    (tap.is_tap, tap.parse),
)
_NOT_OUTPUT = ("reward.txt", "reward.json", "metrics.json")


def failures(files: Sequence[VerifierFile]) -> tuple[Failure, ...]:
    """Each failed test once. Files of a known format come first; plain text counts only where none has any.

    Where two files tell of one test, the first in order (CTRF, JUnit, then text) is taken, unless it names
    no decisive line and the other does. The order of `files` does not matter.
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
        return tuple(known.values())
    return tuple(failure for text in rest for failure in plain.parse(text))


def decisive_line(found: Sequence[Failure]) -> str:
    """The line that a report quotes for a trial: of the first failure that has one."""
    return next((failure.decisive for failure in found if failure.decisive), "")


def _rank(text: str) -> int:
    return next((rank for rank, (fits, _) in enumerate(_FORMATS) if fits(text)), len(_FORMATS))
