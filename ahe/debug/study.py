"""One task's rollouts read and looked through, in a worker process. What the rest needs goes to two files.

A study holds candidates and facts; the steps that a page may show lie apart, because only the page's writer
reads them. Traces are in memory here and nowhere else.
"""

from __future__ import annotations

import pickle
from array import array
from dataclasses import dataclass, replace
from pathlib import Path

from ahe.debug.clean.terminal import resolve
from ahe.debug.rank.excerpts import Case, context, worth_showing
from ahe.debug.rank.parting import last_action, part, ran
from ahe.debug.rank.rank import Candidate, supported
from ahe.debug.rank.survey import passing_templates, survey
from ahe.debug.readers.read import Source, read
from ahe.debug.readers.trace import Step, Text, Trace
from ahe.debug.signals.outcome import Parting, Rollout, Shown
from ahe.debug.signals.signatures import passing_actions, sign
from ahe.debug.verifiers.failures import decisive_line, failures
from ahe.records import Citation

CANDIDATES = 40
CONTEXTS = 8


@dataclass(frozen=True, slots=True)
class Job:
    """A task to study: its sources by attempt and id, with their labels; `place` is where files go."""

    task: str
    sources: tuple[Source, ...]
    labels: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Study:
    """A task's rollouts, before they are ranked against other tasks. `instruction` is as the agent got it."""

    task: str
    cases: tuple[Case, ...]
    parting: Parting | None
    instruction: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Which templates passing and failing rollouts of a task show: 8-byte digests."""

    passing: array[int]
    failing: array[int]


def study(job: Job) -> Counted:
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
    parting = part(
        [(label, trace) for label, trace in shown if trace.status == "failed"],
        [(label, trace) for label, trace in shown if trace.status == "passed"],
    )
    instruction = next((said for _, trace in shown if (said := asked(trace))), "")
    result = Study(job.task, tuple(cases), parting, instruction)
    Path(f"{job.place}.study").write_bytes(pickle.dumps(result))
    pages: list[Shown] = worth_showing(labelled, result.cases, parting)
    Path(f"{job.place}.shown").write_bytes(pickle.dumps(pages))
    return Counted(array("Q", known.counted() if known else ()), array("Q", sorted(failing)))


def rollout(label: str, trace: Trace, acted: frozenset[int]) -> Rollout:
    """The facts of a trace; one that did not pass is signed, without a mechanism. `acted` is for `sign`."""
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
    """The trace with its texts as a terminal would have shown them."""
    return trace.with_steps(map(_resolved, trace.steps))


def asked(trace: Trace) -> str:
    """What the user asked for first."""
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
