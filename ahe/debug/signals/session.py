"""What a session shows that nobody scored: failed commands, circles, corrections by the user, tokens by phase."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ahe.debug.readers.trace import Trace
from ahe.debug.signals.acts import Act
from ahe.records import Citation
from ahe.records.changes import CUT
from ahe.text import BYTES_PER_TOKEN

QUOTE, PROGRAMS, CORRECTIONS = 160, 4, 3


def session_notes(label: str, trace: Trace, did: Sequence[Act]) -> tuple[str, ...]:
    """Sentences, each with its places; those about nothing are left out."""
    found = [_failed(label, did), _repeated(label, did), *_corrections(label, trace), _tokens(trace, did)]
    return tuple(filter(None, found))


def _failed(label: str, did: Sequence[Act]) -> str:
    failed = [act for act in did if act.failed]
    if not failed:
        return ""
    counted = Counter((act.programs or (act.tool or "?",))[0] for act in failed).most_common(PROGRAMS)
    named = ", ".join(
        f"{count} × {name}" for name, count in sorted(counted, key=lambda one: (-one[1], one[0]))
    )
    ran = sum(act.kind in ("run", "change") for act in did)
    line = next((lines[-1].strip() for act in reversed(failed) if (lines := act.lines())), "")
    place = next((act.result_step for act in reversed(failed) if act.lines()), failed[-1].step)
    last = f"; the last printed {_quoted(label, place, line)}" if line else ""
    return f"{len(failed)} calls failed ({ran} commands and edits in all): {named}{last}"


def _repeated(label: str, did: Sequence[Act]) -> str:
    """The call that was made most often with the same failure or the same text."""
    counted = Counter(act.key for act in did if act.kind in ("run", "change") and act.key)
    if not counted or max(counted.values()) < 3:
        return ""
    key, times = max(counted.items(), key=lambda one: (one[1], one[0]))
    first = next(act for act in did if act.key == key)
    return f"made {times} times: {_quoted(label, first.step, first.command.strip().split(chr(10))[0])}"


def _corrections(label: str, trace: Trace) -> list[str]:
    said = [
        (step.id, " ".join(text.text.split()))
        for step in trace.steps
        if step.correction
        for text in step.texts
        if text.channel == "message" and text.text.strip()
    ]
    more = f" ({len(said)} in all)" if len(said) > CORRECTIONS else ""
    return [f"the user then said{more} {_quoted(label, place, words)}" for place, words in said[:CORRECTIONS]]


def _tokens(trace: Trace, did: Sequence[Act]) -> str:
    """Estimated tokens of what was read, run, written and thought."""
    sizes: Counter[str] = Counter()
    names = {"look": "looking", "run": "running", "change": "changing", "other": "other calls"}
    for act in did:
        sizes[names[act.kind]] += len(act.call) + len(act.result)
    for step in trace.steps:
        for text in step.texts:
            if text.channel == "reasoning":
                sizes["thinking"] += len(text.text)
            elif text.channel in ("message", "injected"):
                sizes["talking" if step.source == "agent" else "instructions and reminders"] += len(text.text)
    total = sum(sizes.values())
    if not total:
        return ""
    shares = [f"{name} {size / total:.0%}" for name, size in sizes.most_common() if size * 50 >= total]
    return f"about {total / BYTES_PER_TOKEN:.0f} tokens of text: {', '.join(shares)}"


def _quoted(label: str, step: int, words: str) -> str:
    shown = words if len(words) <= QUOTE else words[:QUOTE].rstrip() + CUT
    return f"“{shown}” ({Citation(trial=label, step=step, quote=shown)})"
