"""Answers in words, for the report and the pages."""

from __future__ import annotations

from collections.abc import Sequence

from ahe.debug.ask.answer import Answer
from ahe.debug.ask.asker import Asked
from ahe.debug.report.quote import cite, hanging
from ahe.records import Citation
from ahe.records.changes import CUT

QUOTE = 160
NAMES = 8


def account(answer: Answer, claims: int = 8) -> str:
    """What the debugger found, with the citations of its first `claims` claims: a line, and a list.

    What it thinks of its own confidence is left out: nothing checks it, and weak models are always sure.
    """
    lines = [_line(answer.root_cause, answer.success_pattern)]
    if parting := answer.divergence:
        said = f". {_line(parting.says)}" if parting.says else ""
        lines += [f"- failing did {_cite(parting.failing)}", f"- passing did {_cite(parting.passing)}{said}"]
    for claim in answer.claims[:claims]:
        lines.append(f"- {_sentence(_line(claim.says))} {', '.join(map(_cite, claim.citations))}")
    if answer.hint:
        where = "" if answer.component == "none" else f" ({answer.component})"
        lines.append(f"- what could help{where}: {_sentence(_line(answer.hint))}")
    elif answer.component == "none":
        lines.append("- the harness cannot help")
    if answer.dropped:
        lines.append(f"- unfounded and left out: {answer.dropped}")
    return "\n".join(line for line in lines if line)


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
    """The quote within a length and its place; one of several lines in a fence."""
    quote = citation.quote if len(citation.quote) <= QUOTE else citation.quote[:QUOTE].rstrip() + CUT
    return hanging(cite(citation.model_copy(update={"quote": quote.strip()})))


def _line(*texts: str) -> str:
    """The texts on one line."""
    return " ".join(" ".join(texts).split())


def _sentence(text: str) -> str:
    """The text with a full stop, unless it ends a sentence already."""
    return text if text.endswith((".", "!", "?", ":")) else f"{text}."


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return ", ".join(names[:NAMES]) + more
