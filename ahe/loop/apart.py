"""Puts attribution's questions to the evaluator: fresh rollouts of each tree, until every piece has its share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ahe.evaluate.evaluation import Evaluator
from ahe.evaluate.suite import Suite
from ahe.evaluate.trial import HarnessVersion, Planned
from ahe.gate.attribution import AttributionQuestion, AttributionStep, LeftOut, TreeRequest, attribute
from ahe.records import FRESH, Trial


@dataclass
class AttributionRunner:
    """`version` gives the harness of a tree. `fresh` collects the trials that were run for it.

    The trials are ordinary ones of the trees' own harness ids with attempts from `FRESH` on. Every round asks for
    all its attempts again, and what the store holds costs nothing: so it goes on after a kill where it was.
    """

    evaluator: Evaluator
    suite: Suite
    version: Callable[[LeftOut], HarnessVersion]
    fresh: dict[str, Trial] = field(default_factory=dict)

    async def ask(self, question: AttributionQuestion) -> AttributionStep:
        """The verdicts on the pieces. Raises `RevertConflict` where a tree cannot be made."""
        rolls: dict[LeftOut, dict[str, list[bool | None]]] = {}
        while (step := attribute(replace(question, rolls=rolls))).requests:
            trials = await self._run(step.requests)
            for request in step.requests:
                made = trials[self.version(request.without).id, request.task]
                rolls.setdefault(request.without, {})[request.task] = [_outcome(trial) for trial in made]
        return step

    async def _run(self, requests: Sequence[TreeRequest]) -> dict[tuple[str, str], list[Trial]]:
        """The trials by harness and task, in the order of attempts; the trees alternate in time."""
        wanted: dict[str, Planned] = {}
        for n in range(max(request.n for request in requests)):
            for request in requests:
                if n < request.n:
                    task, version = self.suite.tasks[request.task], self.version(request.without)
                    planned = self.evaluator.runner.plan(version, task, FRESH + n)
                    wanted[planned.id] = planned
        evaluation = await self.evaluator.evaluate("telling the commits apart", [*wanted.values()])
        self.fresh |= evaluation.ran
        found: dict[tuple[str, str], list[Trial]] = {}
        for trial in evaluation.trials:
            found.setdefault((trial.harness, trial.task), []).append(trial)
        return found


def _outcome(trial: Trial) -> bool | None:
    return None if trial.status == "missing" else trial.status == "passed"
