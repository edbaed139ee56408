"""Which version is the best so far, what it is worth, and a copy of it to use elsewhere."""

import itertools
import shutil
from pathlib import Path

from ahe.errors import TaskError, UsageError
from ahe.history import Commit, History
from ahe.jobs.compare import Compared, compare_stored
from ahe.loop.state import without_reverted
from ahe.project.project import Project
from ahe.records import Final, Record

BEST = "ahe/best"


class Best(Record):
    """The best version. `behind` is by how many commits HEAD is ahead of it; `moved` is False for the seed.

    `train` compares it with the seed by existing trials, which favour it because it was selected by them. `final` is
    the latest look at the test split for this commit.
    """

    sha: str
    subject: str
    tags: tuple[str, ...]
    harness: str
    moved: bool
    behind: int
    train: Compared
    final: Final | None = None


def best(project: Project) -> Best:
    """What `ahe/best` points to; the seed where no run has set it yet."""
    history = project.history()
    commit = best_commit(history)
    seed = history.root()
    looks = [final for final in history.finals() if final.plan.best == commit.sha]
    train = compare_stored(project, history, seed, commit.sha)
    newer = itertools.takewhile(lambda each: each.sha != commit.sha, history.commits())
    return Best(
        sha=commit.sha,
        subject=commit.subject,
        tags=commit.tags,
        harness=train.harnesses[1],
        moved=not train.same,
        behind=sum(1 for _ in newer),
        train=train,
        final=looks[-1] if looks else None,
    )


def run_gain(project: Project) -> Compared | None:
    """The best version against the seed, from the trials that exist. Nothing runs.

    None where no version was called the best yet, and where the suite cannot be read, because
    the log of changes must be readable without it.
    """
    history = project.history()
    if BEST not in history.tags():
        return None
    try:
        return compare_stored(project, history, history.root(), best_commit(history).sha)
    except (UsageError, TaskError):
        return None


def best_commit(history: History) -> Commit:
    """The commit of the tag `ahe/best`, or what was there before a change in it that was reverted since; the seed
    without a tag."""
    tagged = history.tags().get(BEST)
    best = without_reverted(history.commits(), tagged) if tagged else history.root()
    (commit,) = history.commits(limit=1, start=best)
    return commit


def retag_best(history: History) -> Commit | None:
    """Move the tag `ahe/best` off a reverted change. Returns its new commit, None where it stays."""
    tagged = history.tags().get(BEST)
    if tagged is None or (best := best_commit(history)).sha == tagged:
        return None
    history.tag(BEST, best.sha, force=True)
    return best


def export(project: Project, sha: str, to: Path) -> list[str]:
    """Copy the harness of a commit into a folder that is new or empty. Returns its files.

    Raises `UsageError` where the folder holds something, because a file of an older version would take effect.
    """
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise UsageError(f"{to} is not empty: name a new folder, or move its files away")
    source = project.history().export(sha, project.config.runs / "harnesses")
    shutil.copytree(source, to, dirs_exist_ok=True)
    return sorted(str(path.relative_to(to)) for path in to.rglob("*") if path.is_file())
