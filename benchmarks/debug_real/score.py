"""Debugs one labelled folder and compares the report with the label."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import tempfile
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.debug_real.labels import LABEL, Labelled

BUDGET = 10_000
WIDTH, LINES = 100, 40
"""The first screen: the first `LINES` lines below the title, wrapped at `WIDTH` columns."""

_NAMELESS = frozenset(("none", "unknown", ""))
_TITLE = re.compile(r"\A# .*\n+")
_SECTION = re.compile(r"^## (.+)\n+((?:(?!## ).*\n?)*)", re.MULTILINE)
_ELSEWHERE = re.compile(r"not the agent|infrastructure", re.IGNORECASE)
_FAILURES = re.compile(r"fail|cluster", re.IGNORECASE)


@dataclass(frozen=True)
class Scored:
    """What the report of one folder got right. `misquoted` and `named` list what it should not say.

    `cause` and `first_screen` tell whether the label's cause stands there; `elsewhere` whether the rollout is in the
    section of what was not the agent's doing, before any section on failures; `rollouts` counts what was read.
    """

    label: Labelled
    rollouts: int
    cause: bool
    first_screen: bool
    named: tuple[str, ...]
    misquoted: tuple[str, ...]
    elsewhere: bool


def scored(label: Labelled) -> Scored:
    """Debug a copy of the folder that lacks the label, without a model, and score its `report.md`."""
    from ahe.debug.debugger import AgentDebugger
    from ahe.debug.readers.find import find
    from ahe.records import Evidence

    with tempfile.TemporaryDirectory(prefix="ahe-real-") as scratch:
        traces, out = Path(scratch) / "traces", Path(scratch) / "out"
        shutil.copytree(label.folder, traces, ignore=shutil.ignore_patterns(LABEL))
        sources = find([traces])
        asyncio.run(AgentDebugger().report(Evidence(folder=str(out), budget=BUDGET), sources))
        report = (out / "report.md").read_text("utf-8", errors="surrogateescape")
        clusters = json.loads((out / "clusters.json").read_text("utf-8"))
    return compared(label, report, [cluster["signature"]["mechanism"] for cluster in clusters], len(sources))


def compared(label: Labelled, report: str, mechanisms: Sequence[str], rollouts: int) -> Scored:
    """Score a report. Texts are compared with runs of white space as one space."""
    return Scored(
        label=label,
        rollouts=rollouts,
        cause=_tells(label, report),
        first_screen=_tells(label, first_screen(report)),
        named=tuple(sorted({each for each in mechanisms if each not in _NAMELESS})),
        misquoted=tuple(text for text in label.must_not_quote if _words(text) in _words(report)),
        elsewhere=_elsewhere(report),
    )


def first_screen(report: str) -> str:
    """The first `LINES` lines of the report below its title, wrapped at `WIDTH` columns."""
    wrapped: list[str] = []
    for line in _TITLE.sub("", report).split("\n"):
        wrapped += textwrap.wrap(line, WIDTH, drop_whitespace=False, break_on_hyphens=False) or [""]
        if len(wrapped) >= LINES:
            break
    return "\n".join(wrapped[:LINES])


def _tells(label: Labelled, text: str) -> bool:
    """Whether all texts of an alternative stand in the text; a wrapped line may have been broken within a word."""
    said = _solid(text)
    return any(all(_solid(part) in said for part in alternative) for alternative in label.cause)


def _elsewhere(report: str) -> bool:
    """Whether a section on what was not the agent's doing comes before all sections on failures."""
    for title, body in _SECTION.findall(report):
        if _ELSEWHERE.search(title):
            return bool(body.strip())
        if _FAILURES.search(title):
            return False
    return False


def _words(text: str) -> str:
    return " ".join(text.split())


def _solid(text: str) -> str:
    return "".join(text.split())
