"""The debugger's first form: clean, sign and report, without a model."""

from __future__ import annotations

import json
from pathlib import Path

from ahe.debug.clean import clean
from ahe.debug.read import Step, read_steps, read_verifier
from ahe.debug.report import Section, compose
from ahe.debug.sign import clusters, last_line, sign
from ahe.records import Citation, Cluster, DebugReport, Evidence, Signature, Trial
from ahe.tokens import estimate_tokens

QUOTE = 160
EXCERPT = 700


class HeuristicDebugger:
    """Makes the debug report from signatures and excerpts. Same trials, same bytes."""

    async def explain(self, evidence: Evidence) -> DebugReport:
        """Write `report.md`, `clusters.json` and `detail/<task>.md` into the iteration's folder."""
        trials = sorted(evidence.trials, key=lambda trial: (trial.task, trial.attempt, trial.id))
        cases = [Case(trial, Path(evidence.traces) / trial.id) for trial in trials]
        failed = [case for case in cases if case.trial.status == "failed"]
        found = clusters([(case.trial, case.signature) for case in failed])
        folder = Path(evidence.folder)
        (folder / "detail").mkdir(parents=True, exist_ok=True)
        by_task: dict[str, list[Case]] = {}
        for case in cases:
            by_task.setdefault(case.trial.task, []).append(case)
        for task, rollouts in by_task.items():
            page = _detail(task, evidence.instructions.get(task, ""), rollouts)
            (folder / "detail" / f"{task}.md").write_text(page, "utf-8")
        text = compose(
            f"Debug report, iteration {evidence.iteration}",
            _sections(evidence, by_task, found, {case.trial.id: case for case in cases}),
            evidence.budget,
            f"See detail/ for each task ({len(by_task)} pages).",
        )
        (folder / "report.md").write_text(text, "utf-8")
        dump = [cluster.model_dump() for cluster in found]
        (folder / "clusters.json").write_text(json.dumps(dump, indent=1) + "\n", "utf-8")
        by_id = {case.trial.id: case for case in failed}
        citations = [by_id[c.trials[0]].citation() for c in found]
        return DebugReport(
            text=text,
            tokens=estimate_tokens(text),
            clusters=found,
            citations=tuple(c for c in citations if c is not None),
            folder=str(folder),
        )


class Case:
    """A trial with what its trace and its verifier say."""

    def __init__(self, trial: Trial, folder: Path) -> None:
        self.trial = trial
        self.steps: list[Step] = read_steps(folder)
        self.verifier = read_verifier(folder)
        self.signature: Signature = sign(trial, self.steps, self.verifier)

    def citation(self) -> Citation | None:
        """The agent's last step that shows something: where to look first."""
        for step in reversed(self.steps):
            if step.source == "agent":
                shown = next(
                    (text for text in (*step.results[::-1], *step.calls[::-1], step.message) if text), ""
                )
                line = max(shown.splitlines(), key=len, default="")
                if line.strip():
                    return Citation(trial=self.trial.id, step=step.id, quote=line.strip()[:QUOTE])
        return None


def _sections(
    evidence: Evidence, by_task: dict[str, list[Case]], found: tuple[Cluster, ...], by_id: dict[str, Case]
) -> list[Section]:
    partly = [task for task, cases in by_task.items() if 0 < _passes(cases) < len(cases)]
    always = [task for task, cases in by_task.items() if _passes(cases) == len(cases)]
    return [
        Section("Verdicts on earlier changes", evidence.history or ("None yet.",), 1),
        Section("Pass rates", tuple(_rate(task, cases) for task, cases in sorted(by_task.items())), 3),
        Section("Failure clusters", tuple(_cluster(cluster, by_id) for cluster in found), 0),
        Section("Partly passing: the harness can decide these", tuple(f"- {t}" for t in partly), 2),
        Section("Always passing: preserve these", tuple(f"- {t}" for t in always), 4),
    ]


def _passes(cases: list[Case]) -> int:
    return sum(case.trial.status == "passed" for case in cases)


def _rate(task: str, cases: list[Case]) -> str:
    missing = sum(case.trial.status == "missing" for case in cases)
    tail = f", {missing} missing" if missing else ""
    return f"- {task}: {_passes(cases)} of {len(cases) - missing}{tail}"


def _cluster(cluster: Cluster, by_id: dict[str, Case]) -> str:
    case = by_id[cluster.trials[0]]
    citation = case.citation()
    lines = [
        f"### {cluster.signature} ({len(cluster.trials)} trials)",
        f"Tasks: {', '.join(cluster.tasks)}",
        f"Verifier: {clean(last_line(case.verifier), 300) or '(silent)'}",
    ]
    agent = [step for step in case.steps if step.source == "agent"]
    if citation is not None:
        last = agent[-1]
        shown = "\n".join((*last.calls, *last.results)) or last.message
        lines += [f"At {citation}: “{citation.quote}”", "```", clean(shown, EXCERPT), "```"]
    return "\n".join(lines)


def _detail(task: str, instruction: str, cases: list[Case]) -> str:
    """All rollouts of a task, step by step, cleaned."""
    parts = [f"# {task}", instruction.strip()]
    for case in cases:
        trial = case.trial
        parts.append(f"## {trial.id}: {trial.status}, ended {trial.ended}, {trial.turns} turns")
        for step in case.steps:
            if step.source != "agent":
                continue
            parts.append(f"### {trial.id}#{step.id}\n\n{clean(step.message)}")
            parts += [f"Result:\n```\n{clean(result)}\n```" for result in step.results]
        parts.append(f"Verifier:\n```\n{clean(case.verifier)}\n```")
    return "\n\n".join(parts) + "\n"
