"""Drafts: working trees beside the workspace, where commits are made before anyone sees them.

The evolver edits one, and `git revert` runs in one: whatever goes wrong there, the workspace stays clean.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ahe.errors import HarnessError, RevertConflict, WorkspaceError
from ahe.history.commits import Commit
from ahe.history.git import Git
from ahe.history.lock import DRAFT
from ahe.history.message import change_message, revert_message
from ahe.records import Change

# An evolver's draft takes every file, also those that a person's own configuration would ignore.
_TAKE_ALL = {"core.excludesFile": os.devnull}


class Drafts:
    """The drafts of one repository that are open now."""

    def __init__(self) -> None:
        self._open: dict[Path, Path] = {}

    @contextmanager
    def draft(self, git: Git, sha: str) -> Iterator[Path]:
        """A detached working tree at `sha`; it is gone afterwards, its commits stay in the repository."""
        assert git.folder is not None
        tree = Path(tempfile.mkdtemp(prefix=DRAFT)).resolve()
        record = git.folder / "worktrees" / tree.name
        try:
            git.run("worktree", "add", "--quiet", "--detach", str(tree), sha)
            self._open[tree] = record
            yield tree
        finally:
            self._open.pop(tree, None)
            shutil.rmtree(tree, ignore_errors=True)
            shutil.rmtree(record, ignore_errors=True)

    def commit(self, git: Git, tree: Path, change: Change) -> str:
        """Commit what was edited in a draft. Raises `HarnessError` for nothing, or a nested repository."""
        inside = self.of(git, tree)
        if nested := [p for p in inside.tree.rglob(".git") if p.parent != inside.tree]:
            where = nested[0].relative_to(inside.tree)
            raise HarnessError(f"{where}: a harness holds plain files, not a repository of its own")
        inside.run("add", "--all", config=_TAKE_ALL)
        if not inside.probe("diff", "--cached", "--quiet").code:
            raise HarnessError(f"change {change.id} changes no file")
        return self._commit(inside, change_message(change))

    def revert(self, git: Git, tree: Path, commit: Commit, tail: str) -> str:
        """`git revert` in a draft, its message completed. Raises `RevertConflict` or `WorkspaceError`."""
        inside = self.of(git, tree)
        if failed := self._revert(inside, commit):
            raise WorkspaceError(
                f"{commit.sha[:10]} cannot be reverted, its effect is gone already: {failed}"
            )
        return self._commit(inside, revert_message(commit.sha, commit.subject, tail), "--amend")

    def leave_out(self, git: Git, tree: Path, commits: Sequence[Commit]) -> str:
        """`git revert` these in a draft, in their order, each as a commit of its own. Returns the last one.

        One whose effect is gone already is skipped. Raises `RevertConflict` with the files.
        """
        inside = self.of(git, tree)
        for commit in commits:
            if self._revert(inside, commit):
                inside.run("reset", "--hard", "--quiet")
                inside.probe("revert", "--quit")
        return inside.run("rev-parse", "HEAD").strip()

    def of(self, git: Git, tree: Path) -> Git:
        """Git in an open draft."""
        record = self._open.get(tree.resolve())
        if record is None:
            raise WorkspaceError(f"{tree} is not an open draft of {git.tree}")
        return git.worktree(tree.resolve(), record)

    def _revert(self, inside: Git, commit: Commit) -> str:
        """Empty where `git revert` made a commit, git's words where nothing is left to revert."""
        mainline = ["--mainline", "1"] if len(commit.parents) > 1 else []
        result = inside.probe("revert", "--no-edit", *mainline, commit.sha)
        if not result.code:
            return ""
        files = [
            name for name in inside.run("diff", "--name-only", "--diff-filter=U", "-z").split("\0") if name
        ]
        if files:
            raise RevertConflict(", ".join(files))
        return result.err.strip() or "no message"

    def _commit(self, inside: Git, message: str, *flags: str) -> str:
        inside.run("commit", "--quiet", "--cleanup=verbatim", "--file=-", *flags, stdin=message.encode())
        return inside.run("rev-parse", "HEAD").strip()
