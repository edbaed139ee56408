"""What jobs share: a harness to measure, and what was spent between two moments."""

from __future__ import annotations

from ahe.evaluate.trial import HarnessVersion
from ahe.history import History
from ahe.project.project import Project
from ahe.records import Usage


def version(project: Project, history: History, rev: str) -> HarnessVersion:
    """The harness at a revision, exported where trials can mount it."""
    sha = history.resolve(rev)
    root = history.export(sha, project.config.runs / "harnesses")
    return HarnessVersion(id=history.harness_id(sha), root=str(root))


def difference(after: Usage, before: Usage) -> Usage:
    """What was spent between two totals."""
    usd = None if after.usd is None else after.usd - (before.usd or 0.0)
    return Usage(
        calls=after.calls - before.calls,
        input_tokens=after.input_tokens - before.input_tokens,
        cached_tokens=after.cached_tokens - before.cached_tokens,
        output_tokens=after.output_tokens - before.output_tokens,
        usd=usd,
    )
