"""The evolver of the `ahe` strategy: debug report in, commits on a draft out; and the history that it is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ahe.evolve.draft import CheckInBox, Draft
from ahe.files import remove_tree
from ahe.harness.preflight import Preflight
from ahe.history import Commit, History
from ahe.history.commits import prediction_scores
from ahe.records import Brief

UNSURE = "A task counts by the probability that it changed at all; what noise explains is no hit."


class EvolverMode(Protocol):
    """How the evolver works: `EvolverAgent` or `EvolverForm`. `scratch` is a folder for its files."""

    async def work(self, brief: Brief, draft: Draft, scratch: Path) -> None: ...


@dataclass(frozen=True)
class Evolver:
    """The editor of the `ahe` strategy. `model_name` and `strategy` are written to its commits."""

    history: History
    mode: EvolverMode
    preflight: Preflight
    check_in_box: CheckInBox
    scratch: Path
    model_name: str
    strategy: str

    async def edit(self, brief: Brief) -> list[str]:
        """Commits for the brief, oldest first; none when nothing passed preflight."""
        scratch = self.scratch / f"evolve-{brief.iteration:03d}"
        remove_tree(scratch)
        scratch.mkdir(parents=True)
        try:
            with self.history.draft(brief.head) as worktree:
                draft = Draft(
                    self.history,
                    worktree,
                    scratch / "draft",
                    brief,
                    self.preflight,
                    self.check_in_box,
                    self.model_name,
                    self.strategy,
                )
                await self.mode.work(brief, draft, scratch)
                return draft.commits
        finally:
            remove_tree(scratch)


def history_lines(commits: Sequence[Commit]) -> tuple[str, ...]:
    """The score of the evolver's predictions so far, then each decided change, newest first."""
    lines = [line for line in map(verdict_line, commits) if line]
    up, down = prediction_scores(commits)
    if not up.named and not down.named:
        return tuple(lines)
    own = f"- Your predictions so far: fixes {up}; regressions {down}. {UNSURE}"
    return (own, *lines)


def verdict_line(commit: Commit) -> str:
    """A decided change in one line; empty for anything else."""
    verdict = commit.verdict
    if verdict is None:
        return ""
    numbers = f" {verdict.delta}" if verdict.delta else ""
    parts = [f"- {commit.subject}: {verdict.outcome}{numbers} ({verdict.reason})"]
    if commit.change_id and verdict.fixes and verdict.fixes.named:
        named = [each for each in verdict.tasks if each.task in commit.predicts]
        parts.append(f"predicted up: {', '.join(map(str, named))}")
    if commit.change_id and verdict.regressions and verdict.regressions.named:
        named = [each for each in verdict.tasks if each.task in commit.risks]
        parts.append(f"feared: {', '.join(map(str, named))}")
    return "; ".join(parts)
