"""The playbook beside what a project knows: how well each play fits its last report, and what became of it."""

from pathlib import Path

from pydantic import TypeAdapter

from ahe.errors import TaskError, UsageError
from ahe.evolve.plays import NO_EXAMPLES, Play, named
from ahe.history import Commit
from ahe.project.assemble import examples
from ahe.project.project import Project
from ahe.records import Cluster, Record

CLUSTERS = TypeAdapter(tuple[Cluster, ...])


class ListedPlay(Record):
    """A play. `fit` is the share of the last report's failures that are an occasion for it, None without a report;
    `outcome` is the newest verdict on a commit that added it; `obstacle` says why it cannot be added to HEAD."""

    play: Play
    fit: float | None
    outcome: str
    obstacle: str


class Playbook(Record):
    """All plays, best fit first. `report` is the folder of the report that they were compared with."""

    plays: tuple[ListedPlay, ...]
    report: str = ""


def playbook(project: Project) -> Playbook:
    """The plays of the project. It needs no workspace: without one nothing is known about fit and outcome."""
    folder = last_report(project.config.runs)
    clusters = CLUSTERS.validate_json((folder / "clusters.json").read_bytes()) if folder else ()
    commits = project.history().commits() if (project.config.workspace / ".git").exists() else []
    lost = project.history().variants() if commits else []
    try:
        known = examples(project.suite())
    except (UsageError, TaskError):  # the plays can be read without the suite
        known = NO_EXAMPLES
    listed = [
        ListedPlay(
            play=play,
            fit=play.fit(clusters) if folder else None,
            outcome=_outcome(play, [*commits, *lost]),
            obstacle=play.obstacle(project.config.workspace, known) if commits else "",
        )
        for play in project.playbook()
    ]
    listed.sort(key=lambda each: (-(each.fit or 0.0), each.play.name))
    return Playbook(plays=tuple(listed), report=str(folder or ""))


def play_named(project: Project, name: str) -> Play:
    """Raises `UsageError` with the names that exist."""
    return named(project.playbook(), [name])[0]


def last_report(runs: Path) -> Path | None:
    """The folder of the newest iteration that has a debug report."""
    return max((path.parent for path in (runs / "iterations").glob("*/clusters.json")), default=None)


def _outcome(play: Play, commits: list[Commit]) -> str:
    for commit in commits:
        if commit.play == play.key:
            return commit.outcome or "pending"
    return ""
