"""What the debugger is asked about a task: its rollouts, the question set, the order of tasks, and the caps."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from ahe.debug.readers.trace import Trace
from ahe.debug.signals.outcome import Rollout, TaskOutcome
from ahe.records import Citation, Record

TaskState = Literal["partly", "changed", "failed", "limits", "unscored", "passed"]
"""Names a question set of the debugger's prompt, in the order in which the caps are spent."""

PRIORITY: tuple[TaskState, ...] = get_args(TaskState)
LIMITS = frozenset({"turns", "tokens", "seconds", "context"})
OUT_OF = ("out_of_", "context_overflow")

ASK_VERSION = 2
"""Part of every digest. Raise it when a change in this package changes what the debugger is asked or shown."""


@dataclass(frozen=True, slots=True)
class TaskMaterial:
    """A task with its raw traces. `before` is the same task in the previous evaluation, if there was one.

    `traces` and `traces_before` belong to the rollouts of the two outcomes by id; a rollout without a trace is left
    out. All labels of one material are distinct.
    """

    outcome: TaskOutcome
    instruction: str
    traces: tuple[Trace, ...]
    before: TaskOutcome | None = None
    traces_before: tuple[Trace, ...] = ()

    @property
    def task(self) -> str:
        return self.outcome.task

    @property
    def state(self) -> TaskState | None:
        return state_of(self.outcome, self.before)

    @property
    def findings(self) -> list[Citation]:
        """The acts that decided this evaluation's rollouts, the best of each rollout first."""
        best = [
            rollout.best for rollout in self.outcome.rollouts if rollout.status != "passed" and rollout.best
        ]
        rest = [finding.citation for rollout in self.outcome.rollouts for finding in rollout.findings]
        return list({(str(each), each.quote): each for each in (*best, *rest)}.values())

    def current(self) -> list[tuple[Rollout, Trace]]:
        """The rollouts of this evaluation with their traces, in the outcome's order."""
        return _paired(self.outcome, self.traces)

    def earlier(self) -> list[tuple[Rollout, Trace]]:
        """The rollouts of the previous evaluation, without the trials that both evaluations share."""
        if self.before is None:
            return []
        shared = {rollout.trial for rollout in self.outcome.rollouts}
        return [pair for pair in _paired(self.before, self.traces_before) if pair[0].trial not in shared]

    def all_rollouts(self) -> list[tuple[Rollout, Trace]]:
        return self.current() + self.earlier()


def _paired(outcome: TaskOutcome, traces: Iterable[Trace]) -> list[tuple[Rollout, Trace]]:
    by_id = {trace.id: trace for trace in traces}
    return [(rollout, by_id[rollout.trial]) for rollout in outcome.rollouts if rollout.trial in by_id]


def state_of(outcome: TaskOutcome, before: TaskOutcome | None = None) -> TaskState | None:
    """The question set for a task; None if there is nothing to ask (its rollouts are missing)."""
    if not outcome.scored:
        return "unscored" if any(r.status == "unknown" for r in outcome.rollouts) else None
    if 0 < outcome.passes < outcome.scored:
        return "partly"
    if before is not None and before.scored and before.state != outcome.state:
        return "changed"
    if outcome.passes:
        return "passed"
    failed = [rollout for rollout in outcome.rollouts if rollout.status == "failed"]
    return "limits" if 2 * sum(map(_out_of_limits, failed)) > len(failed) else "failed"


def _out_of_limits(rollout: Rollout) -> bool:
    signed = rollout.signature is not None and rollout.signature.status.startswith(OUT_OF)
    return signed or rollout.ended in LIMITS


class Caps(Record):
    """How much is asked per evaluation; 0 means no limit.

    `tokens_per_task` limits all of an agent's calls on one task, input and output; for a form it is the size of the
    prompt.
    """

    tasks: int = 20
    tokens_per_task: int = 60_000
    total_tokens: int = 0

    @property
    def max_tasks(self) -> int | None:
        """The most tasks that are asked about; None for no limit.

        Every task counts with its cap, not with its use: otherwise a second run, which gets cached answers at no cost,
        would ask about tasks that the first one left out.
        """
        bounds = [self.tasks] if self.tasks else []
        if self.total_tokens and self.tokens_per_task:
            bounds.append(self.total_tokens // self.tokens_per_task)
        return min(bounds) if bounds else None


EMBEDDED_CAPS = Caps(tasks=3, tokens_per_task=2_000)


def in_order(tasks: Iterable[tuple[TaskOutcome, TaskOutcome | None]]) -> list[str]:
    """The names of the tasks that can be asked about, most important first. Takes (task, same task before) pairs.

    They are ordered by question set and, within a set, so that every signature comes once before any comes twice:
    twenty answers about one cause are worth little more than two. Ties are ordered by name.
    """
    stated = [(state_of(outcome, before), outcome) for outcome, before in tasks]
    seen: Counter[tuple[TaskState, str]] = Counter()
    keyed = []
    for state, outcome in sorted(stated, key=lambda pair: pair[1].task):
        if state is not None:
            kind = (state, _kind(outcome))
            keyed.append((PRIORITY.index(state), seen[kind], outcome.task))
            seen[kind] += 1
    return [task for _, _, task in sorted(keyed)]


def _kind(outcome: TaskOutcome) -> str:
    signed = [str(rollout.signature) for rollout in outcome.rollouts if rollout.signature is not None]
    return min(signed, default="")


def material_digest(material: TaskMaterial, state: TaskState, asked: tuple[str, ...]) -> str:
    """32 hexadecimal digits over everything that shapes an answer: traces, outcomes, and how it is asked.

    `asked` names the rest: the debugger's harness, its mode, the model. The location of files does not count.
    """
    divergence = material.outcome.divergence
    values: list[object] = [ASK_VERSION, *asked, state, material.task, material.instruction]
    for cited in (material.findings, [each for _, each in divergence.sides] if divergence else ()):
        values += [len(cited), *(part for each in cited for part in (each, each.quote))]
    for pairs in (material.current(), material.earlier()):
        values.append(len(pairs))
        for rollout, trace in pairs:
            values += [
                rollout.label,
                rollout.status,
                rollout.ended,
                rollout.verdict,
                rollout.tokens,
                rollout.seconds,
            ]
            values += [trace.id, len(trace.steps), len(trace.verifier)]
            for step in trace.steps:
                values += [step.id, step.source]
                values += [part for text in step.texts for part in (text.channel, text.name, text.text)]
            values += [part for file in trace.verifier for part in (file.name, file.text)]
    total = hashlib.sha256()
    for value in values:
        data = str(value).encode("utf-8", "surrogatepass")
        total.update(
            b"%d:" % len(data) + data
        )  # with its length, so that different lists cannot have the same bytes
    return total.hexdigest()[:32]
