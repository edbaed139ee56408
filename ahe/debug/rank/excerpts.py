"""Selects the steps of a task's rollouts that its page shows."""

from __future__ import annotations

from collections.abc import Sequence

from ahe.debug.clean.cleaner import Cleaner
from ahe.debug.readers.trace import Step, Trace
from ahe.debug.signals.outcome import Excerpt, Rollout, TaskOutcome

STEPS, ROLLOUTS, TEXT = 16, 3, 900
"""Most steps of a rollout, most rollouts, and about the characters of a step."""


def worth_showing(traces: Sequence[Trace], outcome: TaskOutcome) -> list[Excerpt]:
    """Cleaned steps of a few rollouts, failed ones first, then a passing one: those near their marks."""
    pairs = list(zip(outcome.rollouts, traces, strict=True))
    failed = [pair for pair in pairs if pair[0].status in ("failed", "unknown")]
    passed = [pair for pair in pairs if pair[0].status == "passed"]
    chosen = [*failed[: ROLLOUTS - 1], *passed[:1]] if failed else passed[:2]
    cleaner = Cleaner()
    return [entry for pair in chosen for entry in _of_rollout(cleaner, *pair, marks(pair[0], outcome))]


def marks(rollout: Rollout, outcome: TaskOutcome) -> set[int]:
    """The steps that the report cites of a rollout."""
    found = {finding.citation.step for finding in rollout.findings}
    if outcome.divergence is not None:
        found |= {each.step for _, each in outcome.divergence.sides if each.trial == rollout.label}
    return found


def _of_rollout(cleaner: Cleaner, rollout: Rollout, trace: Trace, marked: set[int]) -> list[Excerpt]:
    steps = [step for step in trace.steps if step.source != "system"]
    if not steps:
        return []
    near = marked | {steps[0].id, steps[-1].id}
    nearest = sorted(steps, key=lambda step: (min(abs(step.id - mark) for mark in near), step.id))[:STEPS]
    return [
        Excerpt(rollout.label, step.id, _readable(step, cleaner.clean(rollout.label, step, TEXT)))
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
