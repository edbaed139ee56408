"""Deterministic cleaning of terminal output: as a person saw it, repetition folded, middles cut."""

from __future__ import annotations

import itertools
import re

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def clean(text: str, limit: int = 2_000) -> str:
    """Text without escape sequences, overwritten lines and repeats, at most about `limit` characters."""
    lines = [_overwritten(line) for line in _ANSI.sub("", text).replace("\r\n", "\n").split("\n")]
    return cut("\n".join(_fold([_CONTROL.sub("", line).rstrip() for line in lines])).strip("\n"), limit)


def cut(text: str, limit: int) -> str:
    """The text with its middle taken out, saying how much: the ends of output tell most."""
    if len(text) <= limit:
        return text
    head, tail = limit // 3, limit - limit // 3
    return f"{text[:head]}\n[… {len(text) - head - tail} characters …]\n{text[-tail:]}"


def _overwritten(line: str) -> str:
    """What is left of a line after its carriage returns: later text stands over earlier text."""
    shown = ""
    for part in line.split("\r"):
        shown = part + shown[len(part) :]
    return shown


def _fold(lines: list[str]) -> list[str]:
    """The lines with repeats counted; of several empty lines in a row one stays."""
    folded: list[str] = []
    for line, group in itertools.groupby(lines):
        count = len(list(group))
        folded.append(line)
        if line and count == 2:
            folded.append(line)
        elif line and count > 2:
            folded.append(f"[the line above {count - 1} more times]")
    return folded
