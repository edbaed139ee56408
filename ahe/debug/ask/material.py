"""What the debugger is asked about a task: its rollouts, the question set, the order of tasks, and the caps."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from ahe.debug.readers.trace import Trace
from ahe.debug.signals.outcome import Rollout, TaskOutcome
from ahe.records import Citation, Record

TaskState = Literal["partly", "changed", "failed", "limits", "passed"]
"""Names a question set of the debugger's prompt, in the order in which the caps are spent."""
LIMITS = frozenset({"turns", "tokens", "seconds", "context"})
OUT_OF = ("out_of_", "context_overflow")


@dataclass(frozen=True, slots=True)
class TaskMaterial:
    """A task to ask about. `before` is the same task in the previous evaluation, if there was one.

    `traces` are the raw traces of both by id, read when the task's turn comes; a rollout without a trace is left out.
    All labels of one material are distinct.
    """

    outcome: TaskOutcome
    instruction: str = ""
    before: TaskOutcome | None = None
    traces: Mapping[str, Trace] = field(default_factory=dict)

    @property
    def task(self) -> str:
        return self.outcome.task

    @property
    def state(self) -> TaskState | None:
        """The question set for the task; None if there is nothing to ask (its rollouts are missing)."""
        outcome, before = self.outcome, self.before
        if not outcome.scored:
            return None
        if 0 < outcome.passes < outcome.scored:
            return "partly"
        if before is not None and before.scored and before.state != outcome.state:
            return "changed"
        if outcome.passes:
            return "passed"
        failed = [rollout for rollout in outcome.rollouts if rollout.status == "failed"]
        return "limits" if 2 * sum(map(_out_of_limits, failed)) > len(failed) else "failed"

    @property
    def findings(self) -> list[Citation]:
        """The acts that decided this evaluation's rollouts, the best of each rollout first."""
        rollouts = self.outcome.rollouts
        best = [each.best for each in rollouts if each.status != "passed" and each.best]
        rest = [finding.citation for each in rollouts for finding in each.findings]
        return list({(str(each), each.quote): each for each in (*best, *rest)}.values())

    def current(self) -> list[tuple[Rollout, Trace]]:
        """The rollouts of this evaluation with their traces, in the outcome's order."""
        return self._with_traces(self.outcome.rollouts)

    def earlier(self) -> list[tuple[Rollout, Trace]]:
        """The rollouts of the previous evaluation, without the trials that both evaluations share."""
        shared = {rollout.trial for rollout in self.outcome.rollouts}
        before = self.before.rollouts if self.before else ()
        return self._with_traces(rollout for rollout in before if rollout.trial not in shared)

    def all_rollouts(self) -> list[tuple[Rollout, Trace]]:
        return self.current() + self.earlier()

    def _with_traces(self, rollouts: Iterable[Rollout]) -> list[tuple[Rollout, Trace]]:
        return [(each, self.traces[each.trial]) for each in rollouts if each.trial in self.traces]


def _out_of_limits(rollout: Rollout) -> bool:
    signed = rollout.signature is not None and rollout.signature.status.startswith(OUT_OF)
    return signed or rollout.ended in LIMITS


class Caps(Record):
    """How much is asked per evaluation.

    `tokens_per_task` limits all of an agent's calls on one task, input and output; for a form it is the size of the
    prompt. Every task counts, also one whose replies are kept and cost nothing: otherwise a second run would ask about
    tasks that the first one left out.
    """

    tasks: int = 20
    tokens_per_task: int = 60_000


EMBEDDED_CAPS = Caps(tasks=3, tokens_per_task=2_000)


def in_order(tasks: Iterable[TaskMaterial]) -> list[TaskMaterial]:
    """The tasks that can be asked about, most important first.

    They are ordered by question set and, within a set, so that every signature comes once before any comes twice:
    twenty answers about one cause are worth little more than two. Ties are ordered by name.
    """
    seen: Counter[tuple[TaskState, str]] = Counter()
    keyed = []
    for each in sorted(tasks, key=lambda each: each.task):
        if each.state is not None:
            signed = (str(rollout.signature) for rollout in each.outcome.rollouts if rollout.signature)
            kind = each.state, min(signed, default="")
            keyed.append((get_args(TaskState).index(each.state), seen[kind], each.task, each))
            seen[kind] += 1
    return [each for *_, each in sorted(keyed, key=lambda key: key[:3])]
