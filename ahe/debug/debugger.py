"""The Agent Debugger: explains an evaluation, with debugger agents if there is a model for them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from ahe.debug.ask.answer import answer_text
from ahe.debug.ask.asker import Asked, Asker
from ahe.debug.ask.material import TaskMaterial, in_order
from ahe.debug.pipeline import Examination, examined
from ahe.debug.readers import trials
from ahe.debug.readers.read import Source, read, trial_source
from ahe.debug.report.sections import Material, scores
from ahe.debug.signals.outcome import TaskOutcome
from ahe.records import Citation, DebugReport, Evidence, EvidenceLevel, Tally, Trial
from ahe.text import estimate_tokens

WORKERS = 2


@dataclass(frozen=True)
class Subject:
    """What to explain: the rollouts, those of the version before, and what else is known about them."""

    sources: Sequence[Source]
    before: Sequence[Source] = ()
    title: str = "Debug report"
    instructions: Mapping[str, str] = field(default_factory=dict)
    history: tuple[str, ...] = ()
    heldout: Tally | None = None
    notes: tuple[str, ...] = ()


class AgentDebugger:
    """Makes the debug report. Without an `asker` no model is asked.

    `level` is what the evolver gets: pass rates alone, the report, or the report and the raw traces.
    """

    def __init__(
        self,
        asker: Asker | None = None,
        level: EvidenceLevel = "report+raw",
        workers: int = WORKERS,
    ) -> None:
        self._asker = asker
        self._level = level
        self._workers = workers

    async def explain(self, evidence: Evidence) -> DebugReport:
        """Write `report.md`, `detail/<task>.md` and `clusters.json` into the iteration's folder."""
        traces = Path(evidence.traces)
        return await self.report(
            Subject(
                sources(evidence.trials, traces),
                sources(evidence.before, traces),
                f"Debug report, iteration {evidence.iteration}",
                evidence.instructions,
                evidence.history,
                evidence.heldout,
            ),
            Path(evidence.folder),
            evidence.budget,
        )

    async def report(self, subject: Subject, out: Path, budget: int) -> DebugReport:
        """Explain the subject in `out`, in at most `budget` tokens."""
        with ExitStack() as stack:
            found = await self._examine(stack, subject.sources, subject.instructions)
            before = await self._examine(stack, subject.before, subject.instructions)
            asked = await self._ask(found, before)
            material = Material(
                tasks=found.tasks,
                clusters=found.clusters,
                history=subject.history,
                before=_tallies(before.tasks),
                heldout=subject.heldout,
                answers={task: answer_text(answer) for task, answer in asked.answers.items()},
                notes=(*asked.notes(), *subject.notes),
            )
            sections = scores(material) if self._level == "scores" else None
            text = await asyncio.to_thread(found.write, out, subject.title, material, budget, sections)
        return DebugReport(
            text=text,
            tokens=estimate_tokens(text),
            clusters=found.clusters,
            citations=tuple(_instructions(found) if self._level == "scores" else _best_citations(found)),
            folder=str(out),
            level=self._level,
            notes=asked.notes(),
        )

    async def _examine(
        self, stack: ExitStack, found: Sequence[Source], instructions: Mapping[str, str]
    ) -> Examination:
        done = await asyncio.to_thread(stack.enter_context, examined(found, self._workers))
        return replace(done, instructions={**done.instructions, **instructions})

    async def _ask(self, found: Examination, before: Examination) -> Asked:
        """Ask about as many tasks as the caps allow; only their traces are read again."""
        if self._asker is None or self._level == "scores":
            return Asked()
        earlier = {task.task: task for task in before.tasks}
        now = {task.task: task for task in found.tasks}
        order = in_order([(task, earlier.get(task.task)) for task in found.tasks])
        chosen = order[: self._asker.caps.max_tasks]
        materials = [
            TaskMaterial(
                outcome=now[task],
                instruction=found.instructions.get(task, ""),
                traces=tuple(map(read, found.sources(task))),
                before=earlier.get(task),
                traces_before=tuple(map(read, before.sources(task))),
            )
            for task in chosen
        ]
        asked = await self._asker.ask(materials)
        return asked.with_unasked(order[len(chosen) :])


def sources(of: Iterable[Trial], folder: Path) -> list[Source]:
    """The sources of trials of `ahe`, whose folders are below `folder`. A missing folder gives one without steps."""
    return [
        trial_source(
            folder / trial.id,
            trials.TrialInfo(task=trial.task, id=trial.id, attempt=trial.attempt, status=trial.status),
        )
        for trial in sorted(of, key=lambda trial: (trial.task, trial.attempt, trial.id))
    ]


def _tallies(tasks: Iterable[TaskOutcome]) -> dict[str, Tally]:
    return {task.task: Tally(passes=task.passes, n=task.scored) for task in tasks}


def _best_citations(found: Examination) -> list[Citation]:
    """For each cluster, largest first, the best citation of its first rollout, with the trial's whole id."""
    rollouts = {rollout.trial: rollout for task in found.tasks for rollout in task.rollouts}
    places = []
    for cluster in found.clusters:
        best = next((rollouts[trial] for trial in cluster.trials if rollouts[trial].best), None)
        if best is not None and best.best is not None and best.best.quote:
            places.append(best.best.model_copy(update={"trial": best.trial}))
    return places


def _instructions(found: Examination) -> list[Citation]:
    """The instruction of each task with a failed rollout: scores alone leave nothing else to cite."""
    cited = []
    for task in found.tasks:
        failed = [rollout for rollout in task.rollouts if rollout.status == "failed"]
        if failed and failed[0].asked is not None:
            cited.append(failed[0].asked.model_copy(update={"trial": failed[0].trial}))
    return cited
