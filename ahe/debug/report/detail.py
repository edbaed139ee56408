"""A task's page: how its rollouts ended, the lines that explain why, and the steps around them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ahe.debug.clean.cleaner import Cleaner
from ahe.debug.readers.trace import Step, Trace
from ahe.debug.report.compose import Part, Section, Worth, compose
from ahe.debug.report.failures import full_words, told
from ahe.debug.report.quote import cite, fenced, hanging, indented
from ahe.debug.signals.outcome import Rollout, TaskOutcome
from ahe.text import CUT

PAGE_TOKENS, INSTRUCTION = 3_000, 1_200
"""Tokens of a page, and characters of the task's instruction at its head."""
STEPS, ROLLOUTS, TEXT = 16, 3, 900
"""Most steps of a rollout, most rollouts, and about the characters of a step."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A step that a page may show: the label of its rollout, its id, its cleaned text."""

    label: str
    step: int
    text: str


def worth_showing(traces: Sequence[Trace], outcome: TaskOutcome, instruction: str) -> tuple[Excerpt, ...]:
    """Cleaned steps of a few rollouts, failed ones first, then a passing one: those near their marks.

    Steps that only repeat the instruction are left out: it stands at the head of the page.
    """
    pairs = list(zip(outcome.rollouts, traces, strict=True))
    failed = [pair for pair in pairs if pair[0].status in ("failed", "unknown")]
    passed = [pair for pair in pairs if pair[0].status == "passed"]
    chosen = [*failed[: ROLLOUTS - 1], *passed[:1]] if failed else passed[:2]
    cleaner, found = Cleaner(), []
    for rollout, trace in chosen:
        steps = [step for step in trace.steps if step.source != "system" and step.raw != instruction]
        near = _marks(rollout, outcome) | {step.id for step in (*steps[:1], *steps[-1:])}
        nearest = sorted(steps, key=lambda step: (min(abs(step.id - mark) for mark in near), step.id))[:STEPS]
        for step in sorted(nearest, key=lambda step: step.id):
            text = _readable(step, cleaner.clean(rollout.label, step, TEXT))
            found.append(Excerpt(rollout.label, step.id, text))
    return tuple(found)


def _marks(rollout: Rollout, outcome: TaskOutcome) -> set[int]:
    """The steps that the report cites of a rollout."""
    parted = {each.step for _, each in outcome.divergence if each.trial == rollout.label}
    return parted | {finding.citation.step for finding in rollout.findings}


def _readable(step: Step, cleaned: Step) -> str:
    """The cleaned texts, each except messages below its channel; a call that a message already holds is left out."""
    said = "\n".join(text.text for text in step.texts if text.channel == "message")
    found = []
    for text, part in zip(step.texts, cleaned.texts, strict=True):
        if text.channel != "call" or text.text.strip() not in said:
            found += [part.text] if text.channel == "message" else [f"[{text.channel}]", part.text]
    return "\n".join(found)


def page(outcome: TaskOutcome, instruction: str, shown: Sequence[Excerpt], answer: str = "") -> str:
    """The page as Markdown, at most `PAGE_TOKENS` tokens. It says what was cut and how to see it."""
    asked, worth = instruction.strip(), Worth.COUNT
    failed = [(outcome.task, rollout) for rollout in outcome.rollouts if rollout.status == "failed"]
    parted = (Part(f"- {side}: {hanging(cite(each))}", worth) for side, each in outcome.divergence)
    found = (
        Section("Instruction", (Part(_instruction(asked, outcome), worth),) if asked else ()),
        Section("Rollouts", tuple(_rollouts(outcome)), "`ahe trace LABEL`"),
        Section("Root cause", (Part(answer, worth),) if answer else ()),
        Section("Where they part", tuple(parted)),
        Section("The verifier's words in full", tuple(full_words(failed)), "the verifier's files"),
        Section("Steps", tuple(_steps(outcome, shown)), "`ahe trace LABEL --step N`"),
    )
    return compose(outcome.task, found, PAGE_TOKENS)


def _instruction(asked: str, outcome: TaskOutcome) -> str:
    """The instruction as a block quote, so that its headings do not mix with the page's; a long one is cut."""
    text = asked[:INSTRUCTION].rstrip()
    if len(asked) > INSTRUCTION:
        places = (f"; all of it is at {rollout.asked}" for rollout in outcome.rollouts if rollout.asked)
        text += f"{CUT}\n\n({len(asked)} characters{next(places, '')})"
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def _rollouts(outcome: TaskOutcome) -> Iterator[Part]:
    """Each rollout as the report tells it, with the lines around those that it cites."""
    for rollout in outcome.rollouts:
        said = [f"- {rollout.label}: {rollout.status}"]
        said += [f"reward {rollout.partial:.2f}"] if rollout.partial else []
        said += [f"ended {rollout.ended}"] if rollout.ended else []
        said += [f"{rollout.turns} turns"] if rollout.turns else []
        said += [f"{rollout.tokens} tokens"] if rollout.tokens else []
        said += [str(rollout.signature)] if rollout.signature else []
        yield Part(", ".join(said), Worth.COUNT)
        yield from told(rollout, rollout.findings) if rollout.signature else ()
        yield from (Part(indented(f"- {note}"), Worth.FAILURE) for note in rollout.notes)
        for finding in rollout.findings:
            if "\n" in finding.context:
                yield Part(indented(f"around {finding.citation}:\n{fenced(finding.context)}"), Worth.MORE)


def _steps(outcome: TaskOutcome, shown: Sequence[Excerpt]) -> Iterator[Part]:
    """Steps of all rollouts; those near a mark or the end are worth most."""
    marked = {rollout.label: _marks(rollout, outcome) for rollout in outcome.rollouts}
    last = {entry.label: entry.step for entry in shown}
    for entry in shown:
        far = min(abs(entry.step - mark) for mark in (*marked[entry.label], last[entry.label]))
        yield Part(f"### {entry.label}#{entry.step}\n\n{entry.text}\n", Worth.LENGTH + 1 / (far + 3))
