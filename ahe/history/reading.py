"""What the record of a workspace says. Reading needs no lock: git moves refs and files in one step."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from ahe.errors import WorkspaceError
from ahe.harness.mounts import Stored, Touched
from ahe.history import diffs, state
from ahe.history.commits import Commit, read_commits
from ahe.history.git import Git, locate
from ahe.history.trees import Trees
from ahe.records import Final

_CHANGE_ID = re.compile(r"(\d{3,}-\d+)([~^][~^\d]*)?")


class Reading:
    """The record of one workspace, to read. Every method raises `WorkspaceError` with what to do about it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._repository = locate(path)
        self._trees = Trees(self._repository)

    def head(self) -> str:
        return state.head(self._git)

    def branch(self) -> str:
        """Name of the checked-out branch. A detached HEAD raises."""
        return state.branch(self._git)

    def require_clean(self) -> None:
        """Raise unless a branch is checked out, nothing is half done, and every edit is committed."""
        state.require_clean(self._git)

    def resolve(self, text: str) -> str:
        """The commit that a person means: (the beginning of) an id, a tag, `003-1`, `003-1~1`, `best`."""
        guesses = [text, f"refs/tags/ahe/{text}"]
        if named := _CHANGE_ID.fullmatch(text):
            found = (commit.sha for commit in self.commits(merged=True) if commit.change_id == named[1])
            guesses = [f"{sha}{named[2] or ''}" for sha in found][:1] + guesses
        for guess in guesses:
            known = self._git.probe(
                "rev-parse", "--verify", "--quiet", "--end-of-options", f"{guess}^{{commit}}"
            )
            if known.code == 0:
                return known.text.strip()
        raise WorkspaceError(f"{text!r} names no commit in {self.path}: `git -C {self.path} log` lists them")

    def contains(self, sha: str, within: str = "HEAD") -> bool:
        """Whether a commit is `within` or one of its ancestors."""
        return self._git.probe("merge-base", "--is-ancestor", sha, within).code == 0

    def root(self) -> str:
        """The first commit of the branch: the seed."""
        return state.root(self._git)

    def commits(self, limit: int | None = None, start: str = "HEAD", *, merged: bool = False) -> list[Commit]:
        """Commits with trailers, notes and tags, newest first, along first parents, from one process.

        With `merged` also the commits of branches that a person merged.
        """
        return read_commits(self._git, start, limit, merged)

    def harness_id(self, sha: str) -> str:
        return self.harness_ids([sha])[sha]

    def harness_ids(self, shas: Iterable[str]) -> dict[str, str]:
        """Identity of the harness at each commit: equal when the seven mounts and `harness.toml` are."""
        return self._trees.harness_ids(shas)

    def contents(self, sha: str) -> dict[str, Stored]:
        """Object id and text of each file of the harness by path, and object id of each folder."""
        return self._trees.contents(sha)

    def export(self, sha: str, into: Path) -> Path:
        """Write the harness of a commit to `into/<harness id>/`, unless it is there."""
        return self._trees.export(sha, into)

    def tags(self) -> dict[str, str]:
        """Commits by tag, for tags such as `ahe/iter-003` and `ahe/best`."""
        return state.tags(self._git)

    def finals(self) -> list[Final]:
        """The looks at the test split, first to last, as their tags `ahe/final-NNN` tell them."""
        return state.finals(self._git)

    def diff(self, a: str, b: str, path: str | None = None) -> str:
        return diffs.diff(self._git, self.resolve(a), self.resolve(b), path)

    def show(self, rev: str) -> str:
        """Message, note, and diff of a commit, as `git show` prints them."""
        return diffs.show(self._git, self.resolve(rev))

    def changed_paths(self, sha: str) -> list[str]:
        return diffs.changed_paths(self._git, sha)

    def added_lines(self, sha: str, path: str | None = None) -> list[str]:
        """Lines that a commit adds, against its first parent."""
        return diffs.added_lines(self._git, sha, path)

    def last_changes(self, start: str = "HEAD") -> dict[str, Touched]:
        """For each path that ever was, the commit that touched it last; most recent first."""
        return diffs.last_changes(self._git, start)

    def file_at(self, sha: str, path: str) -> str | None:
        """Text of a file at a commit; None where there is none."""
        found = self._git.probe("cat-file", "blob", f"{sha}:{path}")
        return None if found.code else found.text

    @property
    def _git(self) -> Git:
        return self._repository
