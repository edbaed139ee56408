"""The evolver as an agent: a shell in a box over its desk and the evidence, and one tool that commits."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ahe.evolve.desk import Draft, Refused
from ahe.evolve.manifest import parse_manifest
from ahe.harness.load import load
from ahe.protocols import Environment, Executor, Model
from ahe.records import Brief, EnvironmentSpec, EvidenceLevel, Limits, Mount
from ahe.runtime.agent import Agent
from ahe.runtime.toolbox import offered_tools
from ahe.runtime.trajectory import Trajectory

DESK, EVIDENCE = "/harness", "/evidence"


class AgentMode:
    """Works through a brief with tools. `limits` hold no seconds: told, they would spoil kept answers."""

    def __init__(
        self,
        harness: Path,
        model: Model,
        mode: str,
        limits: Limits,
        make_environment: Callable[[EnvironmentSpec, Path], Environment],
        make_executor: Callable[[], Executor],
        repairs: int,
    ) -> None:
        self._harness = harness
        self._model = model
        self._mode = mode
        self._limits = limits
        self._make_environment = make_environment
        self._make_executor = make_executor
        self._repairs = repairs

    async def work(self, brief: Brief, desk: Draft, scratch: Path) -> None:
        """Let the agent edit the desk and commit until it is done, full, or out of repairs."""
        evidence = gather(brief, scratch / "evidence")
        spec = EnvironmentSpec(
            name="evolver",
            workdir=DESK,
            mounts=(
                Mount(host=str(desk.folder), inside=DESK, writable=True),
                Mount(host=str(evidence), inside=EVIDENCE),
            ),
        )
        environment = self._make_environment(spec, scratch / "box")
        harness = load(self._harness)
        folder = Path(brief.report.folder) / "evolver"
        trajectory = Trajectory(
            folder, f"evolve-{brief.iteration:03d}", self._model.spec.name, offered_tools(harness)
        )

        async def commit_change(arguments: dict[str, Any]) -> str:
            try:
                sha = await desk.commit(parse_manifest(arguments))
            except Refused as refused:
                return "refused:\n" + "\n".join(f"- {reason}" for reason in refused.reasons)
            return f"committed {sha[:10]}"

        agent = Agent(
            harness=harness,
            executor=self._make_executor(),
            environment=environment,
            model=self._model,
            mode=self._mode,
            limits=self._limits,
            trajectory=trajectory,
            role="evolver",
            key=f"evolve/{brief.iteration:03d}",
            workdir=DESK,
            values={"mode": "agent", "changes": brief.changes},
            host_tools={"commit_change": commit_change},
            done=lambda: desk.full or desk.refusals > self._repairs,
        )
        try:
            await environment.start()
            outcome = await agent.run(_opening(brief))
            trajectory.finish(outcome.usage, {"ended": outcome.ended})
        finally:
            await environment.stop()


SHOWN: dict[EvidenceLevel, str] = {
    "scores": "report.md",
    "report": "report.md, clusters.json and detail/<task>.md",
    "report+raw": "report.md, clusters.json, detail/<task>.md and the raw traces in traces/<trial>/",
}


def _opening(brief: Brief) -> str:
    scores = brief.report.level == "scores"
    places = [f"- {citation}: {citation.quote}" for citation in brief.report.citations] if scores else []
    known = "\n\nPlaces to cite:\n" + "\n".join(places) if places else ""
    return (
        f"The harness is in {DESK}, the evidence in {EVIDENCE}: {SHOWN[brief.report.level]}. "
        f"Make at most {brief.changes} change(s), each with commit_change.\n\n"
        f"{brief.report.text}{known}"
    )


def gather(brief: Brief, folder: Path) -> Path:
    """Copy what the evolver may see, and nothing else: of the report and of these train trials' traces.

    How much that is, the report's level says.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    source = Path(brief.report.folder)
    shutil.copyfile(source / "report.md", folder / "report.md")
    if brief.report.level == "scores":
        return folder
    shutil.copytree(source / "detail", folder / "detail")
    shutil.copyfile(source / "clusters.json", folder / "clusters.json")
    if brief.report.level == "report":
        return folder
    (folder / "traces").mkdir()
    for trial in brief.evidence.trials:
        trace = Path(brief.evidence.traces) / trial.id
        target = folder / "traces" / trial.id
        target.mkdir()
        for name in ("trajectory.json", "events.jsonl", "result.json"):
            if (trace / name).is_file():
                shutil.copyfile(trace / name, target / name)
    return folder
