"""Quotes with their places: one line within the text, several lines in a fence."""

import textwrap
from collections.abc import Sequence

from ahe.debug.signals.outcome import Finding, Rollout
from ahe.debug.verifiers.failure import Failure
from ahe.records import Citation
from ahe.text import cut

WORDS, ENDED = 240, 60
"""Characters of what a verifier says about one test, and of a tool's word for how a rollout ended."""


def cite(citation: Citation) -> str:
    """The quote and its place: `“quote” (LABEL#STEP)`, or `(LABEL#STEP):` with the lines in a fence below it."""
    if "\n" not in citation.quote:
        return f"“{citation.quote}” ({citation})"
    return f"({citation}):\n{fenced(citation.quote)}"


def cite_finding(finding: Finding) -> str:
    """Why it is shown, the command, and the line that it printed."""
    if finding.ran is None:
        return f"{finding.why}: {cite(finding.citation)}"
    same = finding.ran.step == finding.citation.step
    ran = f"“{finding.ran.quote}”" if same else cite(finding.ran)
    return f"{finding.why}: {ran} → {cite(finding.citation)}"


def recorded(rollout: Rollout) -> str:
    """The tool's own word for how the rollout ended, unless the signature's ending contains it."""
    said = " ".join(rollout.ended.split())
    if not said or (rollout.signature is not None and said in rollout.signature.status):
        return ""
    return f"recorded as “{cut(said, ENDED)}”"


def words(failure: Failure) -> str:
    """What the verifier says about a test, in one line; the test's name unless the words contain it."""
    said = cut(" ".join((failure.decisive or failure.message or "failed").split()), WORDS)
    name = failure.test.rpartition("::")[2] or failure.test
    return said if not name or name in said else f"{name[:80]}: {said}"


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


def names(given: Sequence[str], most: int = 12) -> str:
    """The first names, and how many more there are."""
    more = f" and {len(given) - most} more" if len(given) > most else ""
    return ", ".join(given[:most]) + more
