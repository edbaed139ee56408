"""What the evolver is told about its earlier changes: a line each, and what its predictions were worth."""

from __future__ import annotations

from collections.abc import Sequence

from ahe.history import Commit
from ahe.records import PredictionScore

UNSURE = "A task counts by the probability that it changed at all; what noise explains is no hit."


def history_lines(commits: Sequence[Commit]) -> tuple[str, ...]:
    """The evolver's own record over the run, then each decided change, newest first."""
    lines = [line for line in map(verdict_line, commits) if line]
    verdicts = [commit.verdict for commit in commits if commit.change_id and commit.verdict]
    up = sum((verdict.fixes for verdict in verdicts if verdict.fixes), PredictionScore())
    down = sum((verdict.regressions for verdict in verdicts if verdict.regressions), PredictionScore())
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
