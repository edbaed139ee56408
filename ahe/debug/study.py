"""Reads and examines the rollouts of each task, in worker processes, one task at a time in each.

Whole traces are in memory only here. What is found depends neither on the order of the sources nor on the number of
workers.
"""

import multiprocessing
import re
import signal
from collections.abc import Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from ahe.debug.clean.terminal import resolve
from ahe.debug.rank.decisive import cite, find_divergence, findings, largest
from ahe.debug.readers.read import Source, read
from ahe.debug.readers.trace import Trace, VerifierFile, labels
from ahe.debug.report.detail import Excerpt, worth_showing
from ahe.debug.signals.acts import Act, acts, instruction
from ahe.debug.signals.endings import Ending, ending, last_words
from ahe.debug.signals.mechanisms import unresolved
from ahe.debug.signals.outcome import Rollout, TaskOutcome
from ahe.debug.signals.session import session_notes
from ahe.debug.signals.signatures import actions, sign, verifier_broke
from ahe.debug.verifiers.failures import decisive_line, failures
from ahe.records import Citation

SMALL = 4_000_000
"""Bytes below which starting worker processes costs more than it gains."""
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
class Study:
    """What was found about a task: the steps that its page may show, and what the agent was given as `instruction`."""

    outcome: TaskOutcome
    instruction: str
    shown: tuple[Excerpt, ...]
    sources: tuple[Source, ...]

    @property
    def task(self) -> str:
        return self.outcome.task


@dataclass(frozen=True, slots=True)
class Task:
    """What the rollouts of a task are compared with: the lines of its instruction, and what passing rollouts did."""

    known: frozenset[str] = frozenset()
    actions: Collection[tuple[str, ...]] = ()
    results: Sequence[str] = ()


def studies(sources: Sequence[Source], workers: int) -> list[Study]:
    """Study every task, by name; in worker processes if that is worth it."""
    short = labels(source.id for source in sources)
    groups: dict[str, list[Source]] = {}
    for source in sorted(sources, key=lambda source: (source.task or source.id, source.attempt, source.id)):
        groups.setdefault(source.task or source.id, []).append(source)
    named = [[short[source.id] for source in group] for group in groups.values()]
    if workers <= 1 or sum(source.size for source in sources) < SMALL:
        return list(map(study, groups, groups.values(), named))
    # Spawned, not forked: a process with an embedded model has threads, and its fork may hang. Only the parent handles
    # Ctrl-C.
    spawn, ignore = multiprocessing.get_context("spawn"), (signal.SIGINT, signal.SIG_IGN)
    with ProcessPoolExecutor(workers, spawn, initializer=signal.signal, initargs=ignore) as pool:
        return list(pool.map(study, groups, groups.values(), named))


def study(task: str, sources: Sequence[Source], names: Sequence[str]) -> Study:
    """Read the rollouts of a task, whose labels are `names`."""
    traces = [read(source) for source in sources]
    did = [acts(trace) for trace in traces]
    asked = next((said for trace in traces if (said := instruction(trace))), "")
    passing = [each for trace, each in zip(traces, did, strict=True) if trace.status == "passed"]
    compared = Task(
        known=frozenset(line.strip() for line in asked.split("\n") if len(line) > 12),
        actions={actions(each) for each in passing},
        results=[act.result for each in passing for act in each if act.failed is not False],
    )
    every = list(zip(names, traces, did, strict=True))
    rollouts = tuple(rollout(label, trace, each, compared) for label, trace, each in every)
    divergence = find_divergence(
        [(label, each) for label, trace, each in every if trace.status == "failed"],
        [(label, each) for label, trace, each in every if trace.status == "passed"],
    )
    outcome = TaskOutcome(task, rollouts, divergence)
    return Study(outcome, asked, worth_showing(traces, outcome, asked), tuple(sources))


def rollout(label: str, trace: Trace, did: Sequence[Act], task: Task) -> Rollout:
    """The facts of a trace; if it did not pass, with the verifier's words, a signature and the decisive acts."""
    calls = [act for act in did if act.kind != "other"] or did
    asked = (
        Citation(trial=label, step=step.id, quote=" ".join(step.raw.split())[:160])
        for step in trace.steps
        if step.source == "user" and step.raw.strip()
    )
    facts = Rollout(
        trial=trace.id,
        label=label,
        status=trace.status,
        ended=trace.ended,
        turns=sum(step.source == "agent" for step in trace.steps),
        tokens=trace.tokens,
        seconds=trace.seconds,
        asked=next(asked, None),
        last=cite(label, calls[-1]) if calls else None,
        calls=len(did),
        partial=trace.partial if trace.status == "failed" else 0.0,
        damage=trace.damage,
    )
    if trace.status == "passed":
        return facts
    said = failures(trace.verifier)
    end = Ending("broken") if verifier_broke(said) else ending(trace, did)
    left = unresolved(did, task.known, task.results, last_words(trace)[1])
    acted, chief = findings(label, trace, did, left, said, task.known)
    if end.word == "context_overflow":
        acted, chief = largest(label, did), 0
    return replace(
        facts,
        signature=sign(trace, did, said, end, left, task.actions),
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
