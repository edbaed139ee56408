"""A task's page: how its rollouts ended, the lines that explain why, and the steps around them."""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ahe.debug.clean.pointers import CLOSE, OPEN
from ahe.debug.rank.excerpts import marks
from ahe.debug.report.compose import Part, Section, compose
from ahe.debug.report.quote import cite, cite_finding, fenced, hanging, indented, words
from ahe.debug.signals.outcome import Excerpt, Rollout, TaskOutcome
from ahe.records.changes import CUT

PAGE_TOKENS, MESSAGE = 3_000, 1_200
INSTRUCTION = 1_200
"""Characters of the task's instruction at the head of a page."""
STEPS_ARE = "`ahe trace LABEL --step N`"


def page(outcome: TaskOutcome, instruction: str, shown: Sequence[Excerpt], answer: str = "") -> str:
    """The page as Markdown, at most `PAGE_TOKENS` tokens. It says what was cut and how to see it."""
    asked = instruction.strip()
    steps = [entry for entry in shown if not _repeats_instruction(entry, outcome, asked)]
    found = [
        Section("Instruction", (Part(_instruction(asked, outcome), 97),) if asked else ()),
        Section("Rollouts", tuple(Part(_line(rollout), 99) for rollout in outcome.rollouts)),
        Section("Root cause", (Part(answer, 98),) if answer else ()),
        Section("The verifier's words", tuple(_said(outcome.rollouts)), "the verifier's files"),
        Section("Decisive acts", tuple(_findings(outcome.rollouts)), "`ahe trace LABEL`"),
        Section("Where they part", tuple(_parting(outcome))),
        Section("Steps", tuple(_steps(outcome, steps)), STEPS_ARE),
    ]
    return compose(outcome.task, [section for section in found if section.parts], PAGE_TOKENS)


def _instruction(asked: str, outcome: TaskOutcome) -> str:
    """The instruction as a block quote, so that its headings do not mix with the page's; a long one is cut."""
    text = asked[:INSTRUCTION].rstrip()
    if len(asked) > INSTRUCTION:
        places = [str(rollout.asked) for rollout in outcome.rollouts if rollout.asked]
        text += f"{CUT}\n\n({len(asked)} characters" + (f"; all of it is at {places[0]})" if places else ")")
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _repeats_instruction(entry: Excerpt, outcome: TaskOutcome, asked: str) -> bool:
    """Whether a step only repeats the instruction at the head of the page."""
    first = {rollout.label: rollout.asked for rollout in outcome.rollouts}.get(entry.label)
    if first is None or first.step != entry.step:
        return False
    words, text = " ".join(asked.split()), entry.text.strip()
    pointer = text.startswith(OPEN) and text.endswith(CLOSE) and text.count(OPEN) == 1
    return pointer or " ".join(text.split()) in words


def _line(rollout: Rollout) -> str:
    said = [f"- {rollout.label}: {rollout.status}"]
    said += [f"ended {rollout.ended}"] if rollout.ended else []
    said += [f"{rollout.turns} turns"] if rollout.turns else []
    said += [f"{rollout.tokens} tokens"] if rollout.tokens else []
    said += [str(rollout.signature)] if rollout.signature else []
    return ", ".join(said)


def _said(rollouts: Sequence[Rollout]) -> Iterator[Part]:
    for rollout in rollouts:
        for nth, failure in enumerate(rollout.said):
            yield Part(f"- {rollout.label}: {words(failure)}", 97 - nth)
            if failure.message.strip() not in ("", failure.decisive):
                yield Part(indented(fenced(failure.message.strip()[:MESSAGE])), 72 - 2 * nth)


def _findings(rollouts: Sequence[Rollout]) -> Iterator[Part]:
    for rollout in rollouts:
        for nth, finding in enumerate(rollout.findings):
            yield Part(f"- {cite_finding(finding)}", 96 - nth)
            if "\n" in finding.context:
                yield Part(indented(fenced(finding.context)), 75 - 4 * nth)
        yield from (Part(f"- {note}", 95) for note in rollout.notes)


def _parting(outcome: TaskOutcome) -> Iterator[Part]:
    if outcome.divergence is not None:
        yield from (Part(f"- {side}: {hanging(cite(each))}", 90) for side, each in outcome.divergence.sides)


def _steps(outcome: TaskOutcome, shown: Sequence[Excerpt]) -> Iterator[Part]:
    """Steps of all rollouts; those near a mark or the end are worth most."""
    marked = {rollout.label: marks(rollout, outcome) for rollout in outcome.rollouts}
    last = {entry.label: entry.step for entry in shown}
    for entry in shown:
        far = min(abs(entry.step - mark) for mark in (*marked[entry.label], last[entry.label]))
        yield Part(f"### {entry.label}#{entry.step}\n\n{entry.text}\n", 40 - min(far, 39))


@dataclass(frozen=True, slots=True)
class PageJob:
    """A page to write. Picklable; `shown` is the path of a file that `study` wrote."""

    outcome: TaskOutcome
    shown: str
    instruction: str
    answer: str
    folder: str


def write_page(job: PageJob) -> None:
    """Write the page of a task."""
    shown = pickle.loads(Path(job.shown).read_bytes())
    text = page(job.outcome, job.instruction, shown, job.answer)
    name = page_name(job.outcome.task)
    Path(job.folder, f"{name}.md").write_text(text, "utf-8", errors="surrogateescape")


def page_name(task: str) -> str:
    """The task's name as a file name."""
    return task.replace("/", "__").lstrip(".") or "task"
