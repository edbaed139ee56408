"""The Agent Debugger: explains an evaluation, with debugger agents if there is a model for them."""

import asyncio
import json
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ahe.debug.ask.answer import answer_text
from ahe.debug.ask.asker import Asked, Asker
from ahe.debug.ask.material import TaskMaterial
from ahe.debug.readers.read import Source, read, trial_source
from ahe.debug.readers.trace import Trace
from ahe.debug.report.compose import compose
from ahe.debug.report.detail import page
from ahe.debug.report.sections import Material, scores, sections
from ahe.debug.signals.layers import in_layers, layer
from ahe.debug.signals.outcome import TaskOutcome
from ahe.debug.signals.signatures import clusters
from ahe.debug.study import Study, studies
from ahe.records import Citation, Cluster, DebugReport, Evidence, EvidenceLevel, Tally, Trial
from ahe.text import estimate_tokens

WORKERS = 2


class AgentDebugger:
    """Makes the debug report. Without an `asker` no model is asked.

    `level` is what the evolver gets: pass rates alone, the report, or the report and the raw traces. With `layered` its
    clusters are those that an edit may answer, earliest layer first (`ahe.debug.signals.layers`).
    """

    def __init__(
        self,
        asker: Asker | None = None,
        level: EvidenceLevel = "report+raw",
        workers: int = WORKERS,
        layered: bool = False,
    ) -> None:
        self._asker = asker
        self._level = level
        self._workers = workers
        self._layered = layered

    async def explain(self, evidence: Evidence) -> DebugReport:
        """Write `report.md`, `detail/<task>.md` and `clusters.json` into the evidence's folder."""
        traces = Path(evidence.traces)
        now, before = sources(evidence.trials, traces), sources(evidence.before, traces)
        return await self.report(evidence, now, before)

    async def report(
        self,
        evidence: Evidence,
        now: Sequence[Source],
        before: Sequence[Source] = (),
        notes: tuple[str, ...] = (),
    ) -> DebugReport:
        """Explain rollouts in any tool's files; of the evidence counts what it says beside its trials."""
        found = await asyncio.to_thread(studies, now, self._workers)
        earlier = await asyncio.to_thread(studies, before, self._workers)
        found = [
            replace(each, instruction=evidence.instructions.get(each.task, each.instruction))
            for each in found
        ]
        asked = await self._ask(found, earlier)
        tasks = [each.outcome for each in found]
        material = Material(
            tasks=tasks,
            clusters=clusters(tasks),
            history=evidence.history,
            before={
                each.task: Tally(
                    passes=each.outcome.passes, n=each.outcome.scored, partial=each.outcome.partial
                )
                for each in earlier
            },
            heldout=evidence.heldout,
            answers={task: answer_text(answer) for task, answer in asked.answers.items()},
            notes=(*asked.notes, *notes),
            layered=self._layered,
        )
        usable = in_layers(material.clusters) if self._layered else material.clusters
        residual = tuple(
            trial for cluster in material.clusters if cluster not in usable for trial in cluster.trials
        )
        none_left = f"all {len(residual)} failures are residual: no edit of the harness answers them"
        title = f"Debug report, iteration {evidence.iteration}" if evidence.iteration else "Debug report"
        contents = scores(material) if self._level == "scores" else sections(material)
        text = compose(title, contents, evidence.budget)
        await asyncio.to_thread(_write, Path(evidence.folder), text, found, material)
        return DebugReport(
            text=text,
            tokens=estimate_tokens(text),
            clusters=usable,
            citations=_instructions(tasks) if self._level == "scores" else _best_citations(material, usable),
            folder=evidence.folder,
            level=self._level,
            residual=residual,
            notes=(*asked.notes, *([none_left] if residual and not usable else [])),
        )

    async def _ask(self, found: Sequence[Study], earlier: Sequence[Study]) -> Asked:
        """Ask about as many tasks as the caps allow; only their traces are read again."""
        if self._asker is None or self._level == "scores":
            return Asked()
        before = {each.task: each.outcome for each in earlier}
        materials = [TaskMaterial(each.outcome, each.instruction, before.get(each.task)) for each in found]

        def traces(task: str) -> dict[str, Trace]:
            files = (source for each in (*found, *earlier) if each.task == task for source in each.sources)
            return {trace.id: trace for trace in map(read, files)}

        return await self._asker.ask(materials, traces)


def sources(of: Iterable[Trial], folder: Path) -> list[Source]:
    """The sources of trials of `ahe`, whose folders are below `folder`. A missing folder gives one without steps."""
    return [
        trial_source(
            folder / trial.id, Trace(trial.id, trial.task, attempt=trial.attempt, status=trial.status)
        )
        for trial in of
    ]


def _write(out: Path, report: str, found: Iterable[Study], material: Material) -> None:
    """Write `report.md`, `clusters.json` and the pages; those of an earlier report go."""
    pages = out / "detail"
    shutil.rmtree(pages, ignore_errors=True)
    pages.mkdir(parents=True)
    for each in found:
        text = page(each.outcome, each.instruction, each.shown, material.answers.get(each.task, ""))
        name = each.task.replace("/", "__").lstrip(".") or "task"
        (pages / f"{name}.md").write_text(text, "utf-8", errors="surrogateescape")
    dump = [
        {
            **cluster.model_dump(exclude_defaults=True),
            **({"layer": layer(cluster.signature).name} if material.layered else {}),
        }
        for cluster in material.clusters
    ]
    (out / "clusters.json").write_text(json.dumps(dump, indent=1) + "\n", "utf-8")
    (out / "report.md").write_text(report, "utf-8", errors="surrogateescape")


def _best_citations(material: Material, clusters: Iterable[Cluster]) -> tuple[Citation, ...]:
    """For each cluster, largest first, the best citation of its first rollout, with the trial's whole id."""
    rollouts = {rollout.trial: rollout for task in material.tasks for rollout in task.rollouts}
    members = ([rollouts[trial] for trial in cluster.trials] for cluster in clusters)
    best = (next(((r.best, r.trial) for r in of if r.best is not None), None) for of in members)
    return tuple(each.model_copy(update={"trial": trial}) for each, trial in filter(None, best) if each.quote)


def _instructions(tasks: Iterable[TaskOutcome]) -> tuple[Citation, ...]:
    """The instruction of each task with a failed rollout: scores alone leave nothing else to cite."""
    failed = (next((r for r in task.rollouts if r.status == "failed"), None) for task in tasks)
    return tuple(r.asked.model_copy(update={"trial": r.trial}) for r in failed if r is not None and r.asked)
