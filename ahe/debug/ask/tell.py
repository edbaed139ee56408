"""Answers in words, for the report and the pages."""

from __future__ import annotations

from collections.abc import Sequence

from ahe.debug.ask.answer import Answer
from ahe.debug.ask.asker import Asked
from ahe.records import Citation

QUOTE = 160
NAMES = 8


def paragraph(answer: Answer, claims: int = 8) -> str:
    """What the debugger found, with the citations of its first `claims` claims."""
    parts = [answer.root_cause, answer.success_pattern]
    if parting := answer.divergence:
        said = f" {parting.says}" if parting.says else ""
        parts.append(f"They part at {_cite(parting.failing)} against {_cite(parting.passing)}.{said}")
    for claim in answer.claims[:claims]:
        parts.append(f"{_sentence(claim.says)} {', '.join(map(_cite, claim.citations))}.")
    if answer.hint:
        where = "" if answer.component == "none" else f" ({answer.component})"
        parts.append(f"What could help{where}: {_sentence(answer.hint)}")
    elif answer.component == "none":
        parts.append("The harness cannot help.")
    parts.append(f"Its own word on its confidence: {answer.confidence}.")
    if answer.dropped:
        parts.append(f"Unfounded and left out: {answer.dropped}.")
    return " ".join(" ".join(part.split()) for part in parts if part)


def notes(asked: Asked) -> tuple[str, ...]:
    """What the report must say of the asking itself: what was left out, and why."""
    found = []
    if asked.unasked:
        found.append(f"tasks not asked about: {len(asked.unasked)} ({asked.why}): {_names(asked.unasked)}")
    if asked.silent:
        reasons = dict.fromkeys(asked.silent.values())
        found.append(f"no founded answer about {_names(list(asked.silent))} ({'; '.join(reasons)})")
    if asked.dropped:
        found.append(f"statements of the debugger left out as unfounded: {asked.dropped}")
    return tuple(found)


def _cite(citation: Citation) -> str:
    quote = " ".join(citation.quote.split())
    return f"“{quote if len(quote) <= QUOTE else quote[:QUOTE] + '…'}” ({citation})"


def _sentence(text: str) -> str:
    """The text with a full stop, unless it ends a sentence already."""
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return ", ".join(names[:NAMES]) + more
