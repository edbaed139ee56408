"""Reads and examines one task's rollouts, in a worker process. The results are written to two files.

`<place>.study` holds candidates and facts; `<place>.shown` the steps that a page may show, in a file of its own
because only the writer of the page reads them. Whole traces are in memory only here.
"""

from __future__ import annotations

import pickle
from array import array
from dataclasses import dataclass, replace
from pathlib import Path

from ahe.debug.clean.terminal import resolve
from ahe.debug.rank.divergence import find_divergence, last_action, ran
from ahe.debug.rank.excerpts import Case, context, worth_showing
from ahe.debug.rank.rank import Candidate, supported
from ahe.debug.rank.survey import passing_templates, survey
from ahe.debug.readers.read import Source, read
from ahe.debug.readers.trace import Step, Text, Trace
from ahe.debug.signals.outcome import Divergence, Excerpt, Rollout
from ahe.debug.signals.signatures import passing_actions, sign
from ahe.debug.verifiers.failures import decisive_line, failures
from ahe.records import Citation

CANDIDATES = 40
CONTEXTS = 8


@dataclass(frozen=True, slots=True)
class Job:
    """A task to study: its sources by attempt and id, with their labels. `place` is its files' path, no suffix."""

    task: str
    sources: tuple[Source, ...]
    labels: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Study:
    """A task's rollouts before they are ranked with other tasks. `instruction` is what the agent was given."""

    task: str
    cases: tuple[Case, ...]
    divergence: Divergence | None
    instruction: str


@dataclass(frozen=True, slots=True)
class SeenTemplates:
    """The templates in passing and in failing rollouts of a task, as 8-byte digests."""

    passing: array[int]
    failing: array[int]


def study(job: Job) -> SeenTemplates:
    """Read the rollouts of a task; write `<place>.study` and `<place>.shown`."""
    labelled = [(label, read(source)) for label, source in zip(job.labels, job.sources, strict=True)]
    shown = [(label, resolved(trace)) for label, trace in labelled]
    passing = [trace for _, trace in shown if trace.status == "passed"]
    known, acted = passing_templates(passing), passing_actions(passing)
    failing: set[int] = set()
    found: list[tuple[Candidate, ...]] = []
    for _, trace in shown:
        if trace.status in ("passed", "missing"):
            found.append(())
            continue
        surveyed = survey(trace, known, CANDIDATES)
        failing.update(surveyed.profile.counted())
        found.append(surveyed.candidates)
    cases = [
        Case(
            rollout(label, trace, acted),
            candidates,
            tuple(context(trace, candidate) for candidate in candidates[:CONTEXTS]),
            tuple(ran(label, trace, candidate) for candidate in candidates[:CONTEXTS]),
        )
        for (label, trace), candidates in zip(shown, supported(found), strict=True)
    ]
    divergence = find_divergence(
        [(label, trace) for label, trace in shown if trace.status == "failed"],
        [(label, trace) for label, trace in shown if trace.status == "passed"],
    )
    instruction = next((said for _, trace in shown if (said := first_request(trace))), "")
    result = Study(job.task, tuple(cases), divergence, instruction)
    Path(f"{job.place}.study").write_bytes(pickle.dumps(result))
    pages: list[Excerpt] = worth_showing(labelled, result.cases, divergence)
    Path(f"{job.place}.shown").write_bytes(pickle.dumps(pages))
    return SeenTemplates(array("Q", known.counted() if known else ()), array("Q", sorted(failing)))


def rollout(label: str, trace: Trace, acted: frozenset[int]) -> Rollout:
    """The facts of a trace; if it did not pass, with a signature but no mechanism. `acted` is passed to `sign`."""
    found = failures(trace.verifier) if trace.status != "passed" else ()
    return Rollout(
        trial=trace.id,
        label=label,
        attempt=trace.attempt,
        status=trace.status,
        ended=trace.ended,
        turns=sum(step.source == "agent" for step in trace.steps),
        tokens=trace.tokens,
        seconds=trace.seconds,
        signature=sign(trace, acted) if trace.status != "passed" else None,
        verdict=decisive_line(found)[:300],
        asked=_asked(label, trace),
        last=last_action(label, trace),
        calls=sum(text.channel == "call" for step in trace.steps for text in step.texts),
        damage=trace.damage,
    )


def resolved(trace: Trace) -> Trace:
    """The trace with its texts as a terminal would show them."""
    return trace.with_steps(map(_resolved, trace.steps))


def first_request(trace: Trace) -> str:
    """The user's first message."""
    for step in trace.steps:
        if step.source == "user":
            said = "\n".join(text.text for text in step.texts if text.channel == "message")
            if said.strip():
                return said
    return ""


def _asked(label: str, trace: Trace) -> Citation | None:
    step = next((step for step in trace.steps if step.source == "user" and step.raw.strip()), None)
    return (
        None if step is None else Citation(trial=label, step=step.id, quote=" ".join(step.raw.split())[:160])
    )


def _resolved(step: Step) -> Step:
    texts = tuple(_text(text) for text in step.texts)
    return step if all(a is b for a, b in zip(texts, step.texts, strict=True)) else replace(step, texts=texts)


def _text(text: Text) -> Text:
    shown = resolve(text.text)
    return text if shown is text.text or shown == text.text else replace(text, text=shown)
