"""All failures in a verifier's files, whatever framework wrote them, and those in plain output."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from ahe.debug.readers.trace import VerifierFile
from ahe.debug.verifiers import frameworks, verdict
from ahe.debug.verifiers.failure import LONG, Failure, generic, last_exception, without_frames

_FORMATS: tuple[Callable[[str], list[Failure] | None], ...] = (
    verdict.parse_verdict,
    frameworks.parse_junit,
    frameworks.parse_pytest,
    frameworks.parse_frameworks,
)
_NOT_OUTPUT = ("reward.txt", "metrics.json")
_MOST = 200
_MARK = re.compile(
    r"\s*(?:\[?\s*(?:FAIL(?:ED|URE)?|ERROR|NOT OK|KO)\s*\]?\s*[:\-–—]?\s+|(?:✗|✘|✕|×|❌)\s*)(\S.*)$"
    r"|(.*\S)\s*(?:\.{2,}|:|-)\s*(?:FAIL(?:ED)?|NOT OK)\s*$"
)
_LOUD = re.compile(r"\s*(?:\[?(?:FAIL|ERROR)\]?\s*[:\-–—]|\[FAIL(?:ED)?\]|✗|✘|❌)\s*\S(?!.*::)")
"""Marks that no framework prints: a shell check beside its tests."""


def failures(files: Sequence[VerifierFile]) -> tuple[Failure, ...]:
    """Each failed test once. Plain text counts only if no file of a known format reports a failure.

    If two files report the same test, the first in order (JSON, JUnit, then text) is taken, unless only the other has
    a decisive line. Checks of a shell that are printed beside tests follow, then failures without a reason. The order
    of `files` does not matter.
    """
    given = {(file.name, file.text) for file in files if file.name.rsplit("/", 1)[-1] not in _NOT_OUTPUT}
    known: dict[str, Failure] = {}
    beside: list[Failure] = []
    rest: list[str] = []
    for rank, _, text, found in sorted(_parsed(name, text) for name, text in given):
        if rank == len(_FORMATS):
            rest.append(text)
            continue
        beside += _marked(text, _LOUD)
        for failure in found:
            before = known.get(failure.key)
            if before is None or (failure.decisive and not before.decisive):
                known[failure.key] = failure
    if known or beside:
        said = [text for each in known.values() for text in (each.test, each.decisive) if text][: 2 * _MOST]
        more = [each for each in beside if not any(text in each.decisive for text in said)]
        telling = sorted([*known.values(), *more], key=lambda each: not each.decisive)
        firsts = ((each, each.decisive or each.message.split("\n", 1)[0].strip()) for each in telling[:_MOST])
        return tuple(replace(each, decisive=decisive) for each, decisive in firsts)
    unknown: list[Failure] = []
    for text in rest:
        sentence = verdict.parse_unknown(text)
        unknown += _plain(text) if sentence is None else sentence
    return tuple(unknown[:_MOST])


def _parsed(name: str, text: str) -> tuple[int, str, str, list[Failure]]:
    """The rank of the first format that the file has, its name and text, and the failures that it reports."""
    if name.endswith("reward.json"):
        return 0, name, text, verdict.parse_rewards(text)
    for rank, parse in enumerate(_FORMATS):
        if (found := parse(text)) is not None:
            return rank, name, text, found
    return len(_FORMATS), name, text, []


def _marked(text: str, mark: re.Pattern[str]) -> list[Failure]:
    """One failure for each line that is marked as one and says more than that."""
    lines = [
        line.strip() for line in without_frames(text.split("\n")) if len(line) < LONG and mark.match(line)
    ]
    return [Failure("", line, line) for line in lines if not generic(line)]


def _plain(text: str) -> list[Failure]:
    """One failure for each marked line; else the exception of a traceback; else the last meaningful line."""
    if found := _marked(text, _MARK):
        return found
    lines = [line.strip()[:LONG] for line in without_frames(text.split("\n")) if line.strip()]
    if exception := last_exception(lines):
        frames = re.findall(r'^[ \t]*(File "[^"\n]+", line \d+.*)$', text, re.MULTILINE)
        return [Failure("", "\n".join([exception, *frames[-1:]])[:LONG], exception)]
    telling = [line for line in lines if not generic(line)] or lines
    return [Failure("", line, line) for line in telling[-1:]]


def decisive_line(found: Sequence[Failure]) -> str:
    """The line that a report quotes for a trial: that of the first failure that has one."""
    return next((failure.decisive for failure in found if failure.decisive), "")
