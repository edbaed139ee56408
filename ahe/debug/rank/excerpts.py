"""Selects the lines and steps of a trace that are worth showing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ahe.debug.clean.cleaner import Cleaner
from ahe.debug.rank.rank import Candidate
from ahe.debug.readers.trace import Step, Trace
from ahe.debug.signals.outcome import Divergence, Excerpt, Rollout
from ahe.records import Citation

BEFORE, AFTER = 2, 2
LINE = 200
STEPS = 16
ROLLOUTS = 3
TEXT = 900


@dataclass(frozen=True, slots=True)
class Case:
    """A rollout with its candidates. `contexts` and `ran` (the commands) belong to the first candidates, in order."""

    rollout: Rollout
    candidates: tuple[Candidate, ...] = ()
    contexts: tuple[str, ...] = ()
    ran: tuple[Citation | None, ...] = ()


def context(trace: Trace, candidate: Candidate) -> str:
    """The lines around a candidate, clipped. `trace` is the resolved trace that contains it."""
    step = next(step for step in trace.steps if step.id == candidate.step)
    lines = step.texts[candidate.text].text.split("\n")
    first = max(0, candidate.number - 1 - BEFORE)
    around = lines[first : candidate.number + AFTER]
    return "\n".join(line.rstrip()[:LINE] for line in around).strip("\n")


def worth_showing(
    labelled: Sequence[tuple[str, Trace]], cases: Sequence[Case], divergence: Divergence | None
) -> list[Excerpt]:
    """Cleaned steps of a few rollouts, failed ones first, then a passing one.

    Steps near a candidate, the divergence, the beginning or the end are chosen.
    """
    by_label = {case.rollout.label: case for case in cases}
    failed = [pair for pair in labelled if pair[1].status in ("failed", "unknown")]
    passed = [pair for pair in labelled if pair[1].status == "passed"]
    chosen = [*failed[: ROLLOUTS - 1], *passed[:1]] if failed else passed[:2]
    shown = []
    cleaner = Cleaner()
    for label, trace in chosen:
        marks = {candidate.step for candidate in by_label[label].candidates[:3]}
        if divergence is not None:
            marks |= {c.step for c in (divergence.failing, divergence.passing) if c.trial == label}
        shown += _of_rollout(cleaner, label, trace, marks)
    return shown


def _of_rollout(cleaner: Cleaner, label: str, trace: Trace, marks: set[int]) -> list[Excerpt]:
    steps = [step for step in trace.steps if step.source != "system"]
    if not steps:
        return []
    marks = marks | {steps[0].id, steps[-1].id}
    nearest = sorted(steps, key=lambda step: (min(abs(step.id - mark) for mark in marks), step.id))[:STEPS]
    return [
        Excerpt(label, step.id, _readable(step, cleaner.clean(label, step, TEXT)))
        for step in sorted(nearest, key=lambda step: step.id)
    ]


def _readable(step: Step, cleaned: Step) -> str:
    """The cleaned texts, each except messages below its channel; a call that a message already holds is left out."""
    said = "\n".join(text.text for text in step.texts if text.channel == "message")
    found = []
    for text, part in zip(step.texts, cleaned.texts, strict=True):
        if text.channel == "call" and text.text.strip() in said:
            continue
        found += [] if text.channel == "message" else [f"[{text.channel}]"]
        found.append(part.text)
    return "\n".join(found)
