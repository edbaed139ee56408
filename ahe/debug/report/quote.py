"""Quotes with their places. One line stands in the text; several stand in a fence, so that a reader sees the lines."""

from __future__ import annotations

import re
import textwrap

from ahe.debug.rank.rank import STANDS_OUT
from ahe.debug.signals.outcome import Finding, Rollout
from ahe.debug.signals.scan import exit_code
from ahe.records import Citation

_FOOTER = re.compile(r"\s*\[(?:exit code:? -?\d+|left: .*)\]\s*$")


def cite(citation: Citation) -> str:
    """The quote and its place: `“quote” (LABEL#STEP)`, or `(LABEL#STEP):` with the lines in a fence below it."""
    if "\n" not in citation.quote:
        return f"“{citation.quote}” ({citation})"
    return f"({citation}):\n{fenced(citation.quote)}"


def fenced(text: str) -> str:
    """The text between fences that it does not hold itself."""
    fence = next(mark for n in range(3, len(text) + 4) for mark in ("`" * n, "~" * n) if mark not in text)
    return f"{fence}\n{text}\n{fence}"


def indented(text: str) -> str:
    """The text two columns further in: it belongs to the list item above."""
    return textwrap.indent(text, "  ")


def hanging(text: str) -> str:
    """The text, its later lines two columns further in, below the list item that it is part of."""
    return text.replace("\n", "\n  ")


def told(finding: Finding) -> str:
    """The line with its place, and how its command ended where that stands near it."""
    code = exit_code(finding.context)
    return cite(finding.citation) + (f", exit code {code}" if code is not None else "")


def around(finding: Finding) -> str:
    """The lines around it in a fence; empty where they say no more than the line does."""
    lines = [line for line in finding.context.split("\n") if line.strip() and not _FOOTER.match(line)]
    return "" if " ".join(" ".join(lines).split()) == finding.citation.words else fenced("\n".join(lines))


def telling(rollout: Rollout) -> Finding | None:
    """The line that says most of why a rollout failed, where one stands out."""
    return next((each for each in rollout.findings[:1] if each.score >= STANDS_OUT), None)


def place(rollout: Rollout) -> Citation | None:
    """Where to look first: at the telling line, else at what the agent did last."""
    found = telling(rollout)
    return found.citation if found else rollout.last
