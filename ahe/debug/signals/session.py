"""What a session shows that nobody scored: failed commands, circles, corrections by the user, tokens by phase."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ahe.debug.readers.trace import Trace
from ahe.debug.signals.acts import Act
from ahe.records import Citation
from ahe.text import BYTES_PER_TOKEN, cut

QUOTE, PROGRAMS, CORRECTIONS = 160, 4, 3
_PHASES = {"look": "looking", "run": "running", "change": "changing", "other": "other calls"}


def session_notes(label: str, trace: Trace, did: Sequence[Act]) -> tuple[str, ...]:
    """Sentences, each with its places; those about nothing are left out."""
    return (*_failed(label, did), *_repeated(label, did), *_corrections(label, trace), *_tokens(trace, did))


def _failed(label: str, did: Sequence[Act]) -> Iterator[str]:
    if failed := [act for act in did if act.failed]:
        counted = Counter(act.program for act in failed).most_common(PROGRAMS)
        named = ", ".join(f"{count} × {name}" for name, count in counted)
        ran = sum(act.kind in ("run", "change") for act in did)
        said = ((act, lines) for act in reversed(failed) if (lines := act.lines()))
        act, lines = next(said, (failed[-1], []))
        last = f"; the last printed {_quoted(label, act.result_step, lines[-1].strip())}" if lines else ""
        yield f"{len(failed)} calls failed ({ran} commands and edits in all): {named}{last}"


def _repeated(label: str, did: Sequence[Act]) -> Iterator[str]:
    """The call that was made most often."""
    counted = Counter(act.key for act in did if act.kind in ("run", "change") and act.key)
    for key, times in counted.most_common(1):
        first = next(act for act in did if act.key == key)
        if times >= 3:
            yield f"made {times} times: {_quoted(label, first.step, first.command.strip().splitlines()[0])}"


def _corrections(label: str, trace: Trace) -> Iterator[str]:
    said = [
        (step.id, " ".join(text.text.split()))
        for step in trace.steps
        if step.correction
        for text in step.texts
        if text.channel == "message" and text.text.strip()
    ]
    more = f" ({len(said)} in all)" if len(said) > CORRECTIONS else ""
    for place, words in said[:CORRECTIONS]:
        yield f"the user then said{more} {_quoted(label, place, words)}"


def _tokens(trace: Trace, did: Sequence[Act]) -> Iterator[str]:
    """Estimated tokens of what was read, run, written and thought."""
    sizes: Counter[str] = Counter()
    for act in did:
        sizes[_PHASES[act.kind]] += len(act.call) + len(act.result)
    for step in trace.steps:
        for text in step.texts:
            if text.channel == "reasoning":
                sizes["thinking"] += len(text.text)
            elif text.channel in ("message", "injected"):
                sizes["talking" if step.source == "agent" else "instructions and reminders"] += len(text.text)
    if total := sizes.total():
        shares = [f"{name} {size / total:.0%}" for name, size in sizes.most_common() if size * 50 >= total]
        yield f"about {total / BYTES_PER_TOKEN:.0f} tokens of text: {', '.join(shares)}"


def _quoted(label: str, step: int, words: str) -> str:
    shown = cut(words, QUOTE)
    return f"“{shown}” ({Citation(trial=label, step=step, quote=shown)})"
