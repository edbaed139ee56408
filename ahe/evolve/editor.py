"""The evolver of the `ahe` strategy: debug report in, commits on a draft out; and the history that it is given."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from ahe.agents.answering import HandIn, Refused, fill_in, rendered_prompt, same_every_run
from ahe.agents.play import MakeExecutor, Player
from ahe.errors import BadRequest, ContextOverflow, HarnessError, NothingLeft
from ahe.evolve import proposal
from ahe.evolve.draft import Draft, MakeDraft, Manifest, drafted
from ahe.evolve.plays import NO_EXAMPLES, Examples, Play, best_first
from ahe.evolve.plays import manifest as play_manifest
from ahe.harness.load import load
from ahe.history import Commit, History
from ahe.history.commits import prediction_scores
from ahe.protocols import MakeEnvironment, Model
from ahe.records import Brief, EarlierCandidate, EnvironmentSpec, Kind, Limits, Message, Mount, Request, Trial

LIMITS = Limits(turns=60, tokens=0, seconds=0, command_seconds=60, output_bytes=12_000)
HARNESS, EVIDENCE, PLAYBOOK = "/harness", "/evidence", "/playbook"
SHOWN = {
    "scores": "report.md",
    "report": "report.md, clusters.json and detail/<task>.md",
    "report+raw": "report.md, clusters.json, detail/<task>.md and the raw traces in traces/<trial>/",
    "candidates": "report.md, clusters.json, detail/<task>.md and the raw traces in traces/<trial>/; in candidates/ "
    "every harness that was measured before: index.md with their verdicts, and for each <name>/harness/ (its source), "
    "<name>/scores.json and <name>/traces/<trial>/. Grep there before you believe or repeat something",
}
TRACE = ("trajectory.json", "events.jsonl", "result.json")
MAX_EXCERPTS = 6
FAILED = {"bad_request": BadRequest, "context": ContextOverflow, "crashed": HarnessError}
UNSURE = "A task counts by the probability that it changed at all; what noise explains is no hit."


@dataclass(frozen=True)
class Evolver:
    """The editor of the `ahe` strategy: an agent, or a form with one proposal per call if `tool_calls` is None.

    `harness` is the evolver's own. After `repairs` refused commits or proposals it may try once more.
    """

    history: History
    make_draft: MakeDraft
    scratch: Path
    harness: Path
    model: Model
    tool_calls: str | None
    make_environment: MakeEnvironment
    make_executor: MakeExecutor
    repairs: int
    plays: tuple[Play, ...] = ()
    examples: Examples = NO_EXAMPLES

    async def edit(self, brief: Brief) -> list[str]:
        """Commits for the brief, oldest first; none when nothing passed preflight.

        Raises `NothingLeft` where the report has only residual failures; `BadRequest`, `ContextOverflow` or
        `HarnessError` if an agent ends so before it has made a commit.
        """
        if brief.report.residual and not brief.report.clusters:
            raise NothingLeft(
                "no edit of the harness answers the failures that are left (`residual` in the report)"
            )
        with drafted(self.history, self.make_draft, self.scratch, brief) as (draft, scratch):
            if self.tool_calls is None:
                await self._by_form(brief, draft)
            else:
                await self._by_agent(brief, draft, scratch, self.tool_calls)
            return draft.commits

    async def _by_agent(self, brief: Brief, draft: Draft, scratch: Path, tool_calls: str) -> None:
        """Let an agent edit the draft and commit until it stops, the draft is full, or no repair is left."""

        async def commit(manifest: Manifest) -> str:
            return f"committed {(await draft.commit(manifest))[:10]}"

        tool = HandIn(Manifest, commit, self.repairs, wanted=brief.changes)
        mounts = (
            Mount(host=str(draft.folder), inside=HARNESS, writable=True),
            Mount(host=str(gather(brief, scratch / "evidence")), inside=EVIDENCE),
            Mount(host=str(self._playbook(scratch / "playbook")), inside=PLAYBOOK),
        )
        spec = EnvironmentSpec(name="evolver", workdir=HARNESS, mounts=mounts)
        async with same_every_run(self.make_environment, spec, scratch / "box") as environment:
            outcome = await Player("evolver", self.model, tool_calls, LIMITS, self.make_executor).play(
                load(self.harness),
                environment,
                _opening(brief),
                trace=Path(brief.report.folder)
                / ("evolver" if brief.variant == 1 else f"evolver-{brief.variant}"),
                session=f"evolve-{brief.label}",
                key=f"evolve/{brief.label}",
                workdir=HARNESS,
                values={"mode": "agent", "changes": brief.changes},
                host_tools={"commit_change": tool},
                done=tool.closed,
            )
        if outcome.ended in FAILED and not draft.commits:
            raise FAILED[outcome.ended](f"the evolver got no further: {outcome.cause}")

    def _playbook(self, folder: Path) -> Path:
        """A copy of the plays for an agent to read."""
        folder.mkdir()
        for play in self.plays:
            shutil.copytree(play.root, folder / play.name, ignore=shutil.ignore_patterns("__pycache__"))
        return folder

    async def _by_form(self, brief: Brief, draft: Draft) -> None:
        """Let a model propose one change, which our code applies; nothing if the report quotes nothing."""
        excerpts = brief.report.citations[:MAX_EXCERPTS]
        if not excerpts:
            return
        tools = tuple(tool.name for tool in load(draft.folder).tools)
        tasks = tuple(sorted({trial.task for trial in brief.evidence.trials if trial.status == "failed"}))
        instructions = tuple(brief.evidence.instructions.values())
        tried = [*(commit.play for commit in self.history.commits()), *brief.taken]
        fitting = best_first(self.plays, brief.report.clusters, tried)
        offered = [
            play
            for play in fitting
            if not brief.surfaces.refusals(play.kinds) and not play.obstacle(draft.folder, self.examples)
        ][: proposal.OFFERED]
        named = {f"{proposal.PLAY}{play.name}": play for play in offered}
        places = [*(place for place in proposal.PLACES if not brief.surfaces.refusals([Kind(place)])), *named]
        if not places:
            return

        async def take(given: proposal.Proposal) -> str:
            draft.reset()
            if not 1 <= given.evidence <= len(excerpts):
                raise Refused([f"evidence is the number of an excerpt, from 1 to {len(excerpts)}"])
            try:
                if play := named.get(given.place):
                    play.apply(draft.folder, self.examples)
                    if said := play_manifest(play, brief):
                        return await draft.commit(said, play.key)
                if given.place not in places:
                    raise Refused([f"place is one of {', '.join(places)}"])
                proposal.require_usable(given.text, draft.folder, instructions)
                proposal.apply(given, draft.folder, tools)
                return await draft.commit(proposal.manifest(given, excerpts, tasks))
            except HarnessError as error:
                raise Refused([str(error)]) from error

        values = {"mode": "proposal", "changes": 1}
        system = await rendered_prompt(self.harness, self.make_executor, values)
        question = proposal.question(brief, draft.folder, excerpts, offered)
        form = Request(
            role="evolver",
            key=f"evolve/{brief.label}",
            messages=(Message(role="system", content=system), Message(role="user", content=question)),
            max_tokens=700,
            seed=1_000 * brief.iteration + 100 * (brief.variant - 1),
            response_schema=proposal.form_schema(len(excerpts), tasks, places),
        )
        again = "Propose something else."
        await fill_in(self.model, form, proposal.Proposal, take, repairs=self.repairs, again=again)


def _opening(brief: Brief) -> str:
    scores = brief.report.level == "scores"
    places = [f"- {citation}: {citation.quote}" for citation in brief.report.citations] if scores else []
    known = "\n\nPlaces to cite:\n" + "\n".join(places) if places else ""
    return (
        f"The harness is in {HARNESS}, the evidence in {EVIDENCE}: {SHOWN[brief.report.level]}. "
        f"{PLAYBOOK} has known interventions to adapt, each with a PLAY.md. "
        f"Make at most {brief.changes} change(s), each with commit_change. {brief.surfaces}".rstrip()
        + "\n\n"
        f"{brief.report.text}{known}{proposal.direction(brief)}"
    )


def gather(brief: Brief, folder: Path) -> Path:
    """Copy the parts of the report and of its trials' traces that the report's level allows into the new `folder`."""
    folder.mkdir(parents=True)
    source, level = Path(brief.report.folder), brief.report.level
    shutil.copyfile(source / "report.md", folder / "report.md")
    if level != "scores":
        shutil.copytree(source / "detail", folder / "detail")
        shutil.copyfile(source / "clusters.json", folder / "clusters.json")
    traces = Path(brief.evidence.traces)
    if level in ("report+raw", "candidates"):
        _copy_traces(brief.evidence.trials, traces, folder / "traces")
    for candidate in brief.evidence.earlier if level == "candidates" else ():
        place = folder / "candidates" / candidate.name
        shutil.copytree(candidate.root, place / "harness")
        _copy_traces(candidate.trials, traces, place / "traces")
        (place / "scores.json").write_text(json.dumps(_scores(candidate), indent=1) + "\n", "utf-8")
        with (folder / "candidates" / "index.md").open("a", encoding="utf-8") as index:
            index.write(f"{candidate.said} [{candidate.name}/]\n")
    return folder


def _copy_traces(trials: Sequence[Trial], traces: Path, folder: Path) -> None:
    for trial in trials:
        target = folder / trial.id
        target.mkdir(parents=True)
        for name in TRACE:
            if (traces / trial.id / name).is_file():
                shutil.copyfile(traces / trial.id / name, target / name)
        if (recorded := traces / trial.id / "agent").is_dir():  # an agent of another make
            shutil.copytree(recorded, target / "agent")


def _scores(candidate: EarlierCandidate) -> dict[str, object]:
    """Passes and rollouts by task on train, and the mean tokens of a rollout."""
    scored = [trial for trial in candidate.trials if trial.status != "missing"]
    tasks = {
        name: [trial for trial in scored if trial.task == name] for name in sorted({t.task for t in scored})
    }
    tokens = [(trial.usage + trial.side_usage).tokens for trial in scored]
    return {
        "verdict": candidate.said,
        "tokens_per_rollout": round(fmean(tokens)) if tokens else None,
        "tasks": {
            name: {
                "passes": sum(t.status == "passed" for t in of),
                "rollouts": len(of),
                "trials": [t.id for t in of],
            }
            for name, of in tasks.items()
        },
    }


def history_lines(commits: Sequence[Commit]) -> tuple[str, ...]:
    """The score of the evolver's predictions so far, then each decided change, newest first."""
    lines = tuple(filter(None, map(verdict_line, commits)))
    up, down = prediction_scores(commits)
    if not up.named and not down.named:
        return lines
    return (f"- Your predictions so far: fixes {up}; regressions {down}. {UNSURE}", *lines)


def verdict_line(commit: Commit) -> str:
    """A decided change in one line; empty for anything else."""
    verdict = commit.verdict
    if verdict is None:
        return ""
    numbers = f" {verdict.delta}" if verdict.delta else ""
    line = f"- {commit.subject}: {verdict.outcome}{numbers} ({verdict.reason})"
    predicted = (
        ("predicted up", verdict.fixes, commit.predicts),
        ("feared", verdict.regressions, commit.risks),
    )
    for title, score, names in predicted if commit.change_id else ():
        if score and score.named:
            line += f"; {title}: {', '.join(str(each) for each in verdict.tasks if each.task in names)}"
    return line
