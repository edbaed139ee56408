"""A task's page: how its rollouts went, the lines that tell why, and the steps around them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ahe.debug.outcome import Rollout, Shown, TaskOutcome
from ahe.debug.reporting.report import Count, Part, Section, compose
from ahe.debug.reporting.sections import cite
from ahe.tokens import estimate_tokens

PAGE_TOKENS = 3_000
INSTRUCTION = 1_200


def page(
    outcome: TaskOutcome,
    instruction: str,
    shown: Sequence[Shown],
    answer: str = "",
    budget: int = PAGE_TOKENS,
    count: Count = estimate_tokens,
) -> str:
    """The page as Markdown, at most `budget` tokens. What is cut is named, with how to see it."""
    found = [
        Section("Rollouts", tuple(Part(_line(rollout), 99) for rollout in outcome.rollouts)),
        Section("Root cause", (Part(answer, 98),) if answer else ()),
        Section("Decisive lines", tuple(_findings(outcome.rollouts)), "`ahe trace LABEL`"),
        Section("Where they part", tuple(_parting(outcome))),
        Section("Instruction", (Part(instruction.strip()[:INSTRUCTION], 60),) if instruction.strip() else ()),
        Section("Steps", tuple(_steps(outcome, shown)), "`ahe trace LABEL --step N`"),
    ]
    return compose(outcome.task, [section for section in found if section.parts], budget, count)


def _line(rollout: Rollout) -> str:
    words = [f"- {rollout.label}: {rollout.status}"]
    words += [f"ended {rollout.ended}"] if rollout.ended else []
    words += [f"{rollout.turns} turns"] if rollout.turns else []
    words += [f"{rollout.tokens} tokens"] if rollout.tokens else []
    words += [str(rollout.signature)] if rollout.signature else []
    said = f"\n  verifier: {rollout.verdict}" if rollout.verdict else ""
    return ", ".join(words) + said


def _findings(rollouts: Sequence[Rollout]) -> Iterator[Part]:
    for rollout in rollouts:
        for nth, finding in enumerate(rollout.findings):
            fence = "```" if "```" not in finding.context else "~~~~"
            yield Part(f"- {cite(finding.citation)}", 96 - nth)
            if finding.context.strip() != finding.citation.quote.strip():
                yield Part(f"{fence}\n{finding.context}\n{fence}", 75 - 4 * nth)


def _parting(outcome: TaskOutcome) -> Iterator[Part]:
    if outcome.parting is not None:
        yield Part(f"- failing: {cite(outcome.parting.failing)}", 90)
        yield Part(f"- passing: {cite(outcome.parting.passing)}", 90)


def _steps(outcome: TaskOutcome, shown: Sequence[Shown]) -> Iterator[Part]:
    """Steps of all rollouts; those near a finding, a parting or the end are worth most."""
    marks: dict[str, list[int]] = {}
    for rollout in outcome.rollouts:
        marks[rollout.label] = [finding.citation.step for finding in rollout.findings[:3]]
    if outcome.parting is not None:
        for citation in (outcome.parting.failing, outcome.parting.passing):
            marks.setdefault(citation.trial, []).append(citation.step)
    for entry in shown:
        marks.setdefault(entry.label, [])
    last = {entry.label: entry.step for entry in shown}
    for entry in shown:
        far = min(abs(entry.step - mark) for mark in (*marks[entry.label], last[entry.label]))
        yield Part(f"### {entry.label}#{entry.step}\n\n{entry.text}\n", 40 - min(far, 39))
