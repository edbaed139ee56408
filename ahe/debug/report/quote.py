"""Quotes with their places: one line within the text, several lines in a fence."""

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
    """The text between fences that do not occur in it."""
    fence = next(mark for n in range(3, len(text) + 4) for mark in ("`" * n, "~" * n) if mark not in text)
    return f"{fence}\n{text}\n{fence}"


def indented(text: str) -> str:
    """The text indented by two columns, as a part of the list item above it."""
    return textwrap.indent(text, "  ")


def hanging(text: str) -> str:
    """The text with all lines but the first indented by two columns, as a part of a list item."""
    return text.replace("\n", "\n  ")


def cite_finding(finding: Finding) -> str:
    """The line with its place, and the exit code of its command if that is near."""
    code = exit_code(finding.context)
    return cite(finding.citation) + (f", exit code {code}" if code is not None else "")


def context_block(finding: Finding) -> str:
    """The lines around a finding in a fence; empty if they only repeat its line."""
    lines = [line for line in finding.context.split("\n") if line.strip() and not _FOOTER.match(line)]
    return "" if " ".join(" ".join(lines).split()) == finding.citation.words else fenced("\n".join(lines))


def best_finding(rollout: Rollout) -> Finding | None:
    """The line that best explains why a rollout failed; None if no line stands out."""
    return next((each for each in rollout.findings[:1] if each.score >= STANDS_OUT), None)


def best_citation(rollout: Rollout) -> Citation | None:
    """Where to look first: at the best finding, else at the agent's last action."""
    found = best_finding(rollout)
    return found.citation if found else rollout.last
