"""All failures in a verifier's files, whatever framework wrote them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from ahe.debug.readers.trace import VerifierFile
from ahe.debug.verifiers import frameworks, verdict
from ahe.debug.verifiers.failure import Failure

Parser = tuple[Callable[[str], bool], Callable[[str], list[Failure]]]

_FORMATS: tuple[Parser, ...] = (
    (verdict.is_verdict, verdict.parse_verdict),
    (frameworks.is_junit, frameworks.parse_junit),
    (frameworks.is_pytest, frameworks.parse_pytest),
    (frameworks.is_framework, frameworks.parse_framework),
)
_TEXTS = 2
"""Rank of the first format that is text."""
_NOT_OUTPUT = ("reward.txt", "metrics.json")
_MOST = 200


def failures(files: Sequence[VerifierFile]) -> tuple[Failure, ...]:
    """Each failed test once. Plain text counts only if no file of a known format reports a failure.

    If two files report the same test, the first in order (JSON, JUnit, then text) is taken, unless only the other has
    a decisive line. Checks of a shell that are printed beside tests follow, then failures without a reason. The order
    of `files` does not matter.
    """
    known: dict[str, Failure] = {}
    beside: list[Failure] = []
    rest: list[str] = []
    for rank, file in sorted(((_rank(f.text), f) for f in files), key=lambda p: (p[0], p[1].name, p[1].text)):
        if file.name.rsplit("/", 1)[-1] in _NOT_OUTPUT:
            continue
        if rank == len(_FORMATS):
            rest.append(file.text)
            continue
        # the components of a reward are checks
        text = f'{{"rewards": {file.text}}}' if file.name.endswith("reward.json") else file.text
        for failure in _FORMATS[rank][1](text):
            before = known.get(failure.key)
            if before is None or (failure.decisive and not before.decisive):
                known[failure.key] = failure
        beside += frameworks.marked(file.text) if rank >= _TEXTS else []
    if known or beside:
        said = [text for each in known.values() for text in (each.test, each.decisive) if text][: 2 * _MOST]
        more = [each for each in beside if not any(text in each.decisive for text in said)]
        telling = sorted([*known.values(), *more], key=lambda each: not each.decisive)
        return tuple(map(_said, telling))[:_MOST]
    unknown = (
        (verdict.parse_unknown if verdict.is_json(text) else frameworks.parse_plain)(text) for text in rest
    )
    return tuple(failure for found in unknown for failure in found)[:_MOST]


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
