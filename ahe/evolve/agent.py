"""The evolver as an agent: a shell in a sandbox over its draft and the evidence, and one tool that commits."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahe.agents.forms import parsed
from ahe.agents.play import Player, started
from ahe.errors import BadRequest, ContextOverflow, HarnessError
from ahe.evolve.draft import ChangeRefused, Draft, Manifest
from ahe.harness.load import load
from ahe.protocols import MakeEnvironment
from ahe.records import Brief, EnvironmentSpec, EvidenceLevel, Mount

HARNESS, EVIDENCE = "/harness", "/evidence"
FAILED = {"bad_request": BadRequest, "context": ContextOverflow, "crashed": HarnessError}


@dataclass(frozen=True)
class EvolverAgent:
    """Works through a brief with tools. After `repairs` refused commits it may try once more.

    The player has no time limit: the time left would be in the prompts, so that a resumed run could not reuse replies.
    """

    harness: Path
    player: Player
    make_environment: MakeEnvironment
    repairs: int

    async def work(self, brief: Brief, draft: Draft, scratch: Path) -> None:
        """Let the agent edit the draft and commit until it stops, the draft is full, or no repair is left.

        Raises `BadRequest`, `ContextOverflow` or `HarnessError` if it ends so before it has made a commit.
        """
        evidence = gather(brief, scratch / "evidence")
        mounts = (
            Mount(host=str(draft.folder), inside=HARNESS, writable=True),
            Mount(host=str(evidence), inside=EVIDENCE),
        )
        spec = EnvironmentSpec(name="evolver", workdir=HARNESS, mounts=mounts)

        async def commit_change(arguments: dict[str, Any]) -> str:
            try:
                sha = await draft.commit(parsed(Manifest, arguments, "manifest"))
            except ChangeRefused as refused:
                return "refused:\n" + "\n".join(f"- {reason}" for reason in refused.reasons)
            return f"committed {sha[:10]}"

        async with started(self.make_environment(spec, scratch / "box")) as environment:
            outcome = await self.player.play(
                load(self.harness),
                environment,
                _opening(brief),
                trace=Path(brief.report.folder) / "evolver",
                session=f"evolve-{brief.iteration:03d}",
                key=f"evolve/{brief.iteration:03d}",
                workdir=HARNESS,
                values={"mode": "agent", "changes": brief.changes},
                host_tools={"commit_change": commit_change},
                done=lambda: draft.full or draft.refusals > self.repairs,
            )
        if outcome.ended in FAILED and not draft.commits:
            raise FAILED[outcome.ended](f"the evolver got no further: {outcome.cause}")


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
        f"The harness is in {HARNESS}, the evidence in {EVIDENCE}: {SHOWN[brief.report.level]}. "
        f"Make at most {brief.changes} change(s), each with commit_change.\n\n"
        f"{brief.report.text}{known}"
    )


def gather(brief: Brief, folder: Path) -> Path:
    """Copy the parts of the report and of its trials' traces that the report's level allows into `folder`."""
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
