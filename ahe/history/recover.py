"""Cleans up after a killed `ahe`. It touches only what is provably ours, never a person's edit."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from ahe.errors import WorkspaceError
from ahe.history.git import Git
from ahe.history.lock import NAME, Intent

DRAFT = "ahe-draft-"


def mend(git: Git, intent: Intent) -> None:
    """Undo or finish what a killed `ahe` was doing. The caller holds the workspace's lock.

    Raises `WorkspaceError` while a person's own git is at work here.
    """
    assert git.folder is not None
    sweep_locks(git.folder, git.tree, intent.began)
    sweep_drafts(git.folder)
    if intent.target:
        finish_move(git, intent)


def sweep_locks(folder: Path, tree: Path, since: float) -> None:
    """Remove git's lock files that are as young as the killed `ahe` and belong to no living process.

    Its own git processes have ended (they would hold our lock); a person's are found in /proc.
    """
    stale = [path for path in _lock_files(folder) if path.stat().st_mtime >= since - 1]
    if not stale:
        return
    if alive := _git_processes(tree):
        raise WorkspaceError(
            f"git (process {alive[0]}) is at work in {tree}: let it finish, then start ahe again"
        )
    for path in stale:
        path.unlink(missing_ok=True)


def sweep_drafts(folder: Path) -> None:
    """Remove the working trees of drafts. Drafts are made under the lock, so each that is left is dead."""
    for record in sorted((folder / "worktrees").glob(f"{DRAFT}*")):
        try:
            draft = Path((record / "gitdir").read_text("utf-8").strip()).parent
        except OSError:
            draft = None  # killed before git had written it
        if draft is not None and draft.name.startswith(DRAFT):
            shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(record, ignore_errors=True)


def finish_move(git: Git, intent: Intent) -> None:
    """Complete a fast-forward that was cut off, unless a person has changed anything of it since."""
    branch = git.probe("symbolic-ref", "--quiet", "HEAD").text.strip()
    head = git.probe("rev-parse", "--verify", "--quiet", "HEAD").text.strip()
    if branch != intent.branch or head not in (intent.start, intent.target):
        return
    names = git.run("diff", "--name-only", "--no-renames", "-z", intent.start, intent.target, "--")
    paths = [name for name in names.split("\0") if name]
    if not all(_is_ours(git, intent, path) for path in paths):
        return
    gone = [path for path in paths if git.probe("cat-file", "-e", f"{intent.target}:{path}").code]
    there = [path for path in paths if path not in gone]
    if there:
        git.run("--literal-pathspecs", "checkout", "--force", intent.target, "--", *there)
    if gone:
        git.run("--literal-pathspecs", "rm", "--force", "--quiet", "--ignore-unmatch", "--", *gone)
    git.run("update-ref", "-m", "ahe: finish a move that was cut off", intent.branch, intent.target, head)


def _is_ours(git: Git, intent: Intent, path: str) -> bool:
    """Whether the file is as it was before the move, as it will be after, or was being written."""
    try:
        data = (git.tree / path).read_bytes()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    before = git.probe("cat-file", "blob", f"{intent.start}:{path}")
    after = git.probe("cat-file", "blob", f"{intent.target}:{path}")
    return (not before.code and data == before.out) or (not after.code and after.out.startswith(data))


def _lock_files(folder: Path) -> list[Path]:
    own = [path for path in folder.glob("*.lock") if path.name != NAME]
    return [*own, *(folder / "refs").rglob("*.lock"), *(folder / "worktrees").rglob("*.lock")]


def _git_processes(tree: Path) -> list[int]:
    """Process ids of every git that works in `tree`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            name = (entry / "comm").read_text().strip()
            place = Path(os.readlink(entry / "cwd"))
        except OSError:
            continue  # it has ended, or belongs to someone else
        if (name == "git" or name.startswith("git-")) and place.is_relative_to(tree):
            found.append(int(entry.name))
    return found


def draft_folder() -> Path:
    """A new, empty folder for a draft, outside every workspace."""
    return Path(tempfile.mkdtemp(prefix=DRAFT)).resolve()
