"""Reads and examines one task's rollouts, in a worker process. The results are written to two files.

`<place>.study` holds the facts; `<place>.shown` the steps that a page may show, in a file of its own because only the
writer of the page reads them. Whole traces are in memory only here.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ahe.debug.clean.terminal import resolve
from ahe.debug.rank.decisive import cite, findings, largest
from ahe.debug.rank.divergence import find_divergence
from ahe.debug.rank.excerpts import worth_showing
from ahe.debug.readers.read import Source, read
from ahe.debug.readers.trace import Trace, VerifierFile
from ahe.debug.signals.acts import Act, acts, instruction
from ahe.debug.signals.causes import verifier_broke
from ahe.debug.signals.endings import Ending, ending, last_words
from ahe.debug.signals.mechanisms import shown
from ahe.debug.signals.outcome import Rollout, TaskOutcome
from ahe.debug.signals.session import session_notes
from ahe.debug.signals.signatures import Actions, passing_actions, sign
from ahe.debug.verifiers.failures import decisive_line, failures
from ahe.records import Citation

VERDICT, SAID, MESSAGE, OUTPUT, LINE = 300, 40, 4_000, 6_000, 240
"""Characters of a verdict, failed tests that are kept, characters of what each says, and of a verifier's output."""
_INSTALLER = re.compile(
    r"\s*(?:Reading |Building dependency|Get:|Hit:|Ign:|Fetched |Selecting |Preparing to |Unpacking |Setting up "
    r"|Processing triggers|Collecting |Download(?:ing|ed) |Requirement already|Installing |Installed \d|Resolved \d"
    r"|Prepared \d|Audited \d|Using (?:cached|CPython)|Successfully installed|Creating virtual| \+ \S+==|debconf:"
    r"|invoke-rc\.d:|The following|WARNING: |\d+ upgraded|Need to get|After this operation|\(Reading database"
    r"|update-alternatives:|everything's installed|no checksums to|downloading uv|  (?:uvx?$|% Total)|To add \$HOME"
    r"|installing to |source \$HOME|\S+ is already the newest)"
)


@dataclass(frozen=True, slots=True)
class Job:
    """A task to study: its sources by attempt and id, with their labels. `place` is its files' path, no suffix."""

    task: str
    sources: tuple[Source, ...]
    labels: tuple[str, ...]
    place: str


@dataclass(frozen=True, slots=True)
class Study:
    """What was found about a task. `instruction` is what the agent was given."""

    outcome: TaskOutcome
    instruction: str


@dataclass(frozen=True, slots=True)
class Task:
    """What the rollouts of a task are compared with: the lines of its instruction, and what passing rollouts did."""

    known: frozenset[str] = frozenset()
    actions: Collection[Actions] = ()
    results: Sequence[str] = ()


def study(job: Job) -> None:
    """Read the rollouts of a task; write `<place>.study` and `<place>.shown`."""
    traces = [read(source) for source in job.sources]
    did = [acts(trace) for trace in traces]
    asked = next((said for trace in traces if (said := instruction(trace))), "")
    passing = [each for trace, each in zip(traces, did, strict=True) if trace.status == "passed"]
    task = Task(
        known=frozenset(line.strip() for line in asked.split("\n") if len(line) > 12),
        actions=passing_actions(passing),
        results=[act.result for each in passing for act in each if act.failed is not False],
    )
    rollouts = tuple(
        rollout(label, trace, each, task) for label, trace, each in zip(job.labels, traces, did, strict=True)
    )
    both = list(zip(job.labels, traces, did, strict=True))
    divergence = find_divergence(
        [(label, each) for label, trace, each in both if trace.status == "failed"],
        [(label, each) for label, trace, each in both if trace.status == "passed"],
    )
    outcome = TaskOutcome(job.task, rollouts, divergence)
    Path(f"{job.place}.study").write_bytes(pickle.dumps(Study(outcome, asked)))
    Path(f"{job.place}.shown").write_bytes(pickle.dumps(worth_showing(traces, outcome)))


def rollout(label: str, trace: Trace, did: Sequence[Act], task: Task) -> Rollout:
    """The facts of a trace; if it did not pass, with the verifier's words, a signature and the decisive acts."""
    calls = [act for act in did if act.kind != "other"] or did
    facts = Rollout(
        trial=trace.id,
        label=label,
        attempt=trace.attempt,
        status=trace.status,
        ended=trace.ended,
        turns=sum(step.source == "agent" for step in trace.steps),
        tokens=trace.tokens,
        seconds=trace.seconds,
        asked=_asked(label, trace),
        last=cite(label, calls[-1]) if calls else None,
        calls=len(did),
        damage=trace.damage,
    )
    if trace.status == "passed":
        return facts
    said = failures(trace.verifier)
    end = ending(trace, did)
    if verifier_broke(said):
        end = Ending("broken")
    found = shown(did, task.known, task.results, last_words(trace))
    acted, chief = findings(label, trace, did, found, said, task.known)
    if end.word == "context_overflow":
        acted, chief = tuple(filter(None, [largest(label, did)])), 0
    return replace(
        facts,
        signature=sign(trace, did, said, end, found, task.actions),
        verdict=decisive_line(said)[:VERDICT],
        said=tuple(replace(each, message=each.message[:MESSAGE]) for each in said[:SAID]),
        failed_tests=len(said),
        output=output(trace.verifier),
        findings=acted,
        chief=chief,
        ending=tuple(Citation(trial=label, step=step, quote=line) for step, line in end.shown),
        notes=session_notes(label, trace, did) if trace.status == "unknown" else (),
    )


def output(files: Sequence[VerifierFile]) -> str:
    """The end of what the verifier printed, without installers' lines; of several files the longest that is no JSON."""
    said = (file for file in files if not file.name.rpartition("/")[2].startswith(("reward", "score")))
    texts = [file.text for file in said if file.text.strip()[:1] not in ("{", "[", "<")]
    shown = resolve(max(texts, key=len, default="")[-OUTPUT:])
    began = shown.rfind(" test session starts ")
    lines = [line.rstrip() for line in shown[shown.find("\n", began) if began >= 0 else 0 :].split("\n")]
    installed = max((at for at, line in enumerate(lines) if _INSTALLER.match(line)), default=-1)
    lines = lines[installed + 1 :] or lines
    return "\n".join(line[:LINE] for line in lines if line and not _INSTALLER.match(line)).strip()


def _asked(label: str, trace: Trace) -> Citation | None:
    step = next((step for step in trace.steps if step.source == "user" and step.raw.strip()), None)
    quote = "" if step is None else " ".join(step.raw.split())[:160]
    return None if step is None else Citation(trial=label, step=step.id, quote=quote)
