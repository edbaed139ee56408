"""The workspace's git record, as the rest of `ahe` uses it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from ahe.errors import RevertConflict, WorkspaceError
from ahe.history import create as _create
from ahe.history import diffs, state
from ahe.history.commits import NOTES_REF, Commit, read_commits
from ahe.history.drafts import Drafts
from ahe.history.finals import final_tag, final_text
from ahe.history.git import Git, locate
from ahe.history.lock import Intent, Lock
from ahe.history.message import note_text
from ahe.history.recover import mend
from ahe.history.trees import Trees
from ahe.mounts import Stored, Touched
from ahe.records import Change, Final, Verdict

_CHANGE_ID = re.compile(r"(\d{3,}-\d+)([~^][~^\d]*)?")


class History:
    """The record of one workspace. Every method raises `WorkspaceError` with what to do about it.

    Reading needs no lock. Whatever writes takes the workspace's lock for as long as it lasts (`locked`
    keeps it for longer), and the first to take it after a killed `ahe` cleans up what that one left.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._repository = locate(path)
        assert self._repository.folder is not None
        self._lock = Lock(self._repository.folder, self._mend)
        self._drafts = Drafts()
        self._trees = Trees(self._repository)

    @classmethod
    def create(cls, path: Path, seed: Path) -> History:
        """Make the workspace from the harness in folder `seed`, and open it."""
        _create.create(path, seed)
        return cls(path)

    def locked(self) -> AbstractContextManager[None]:
        """Keep every other `ahe` from writing; people's own git goes on as always."""
        return self._lock.held()

    def recover(self) -> None:
        """Clean up after a killed `ahe`; see to it that `git log` shows verdicts and remotes carry them."""
        with self.locked():
            _create.configure(self._git)

    # ------------------------------------------------------------ where we are

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

    # ------------------------------------------------------------ reading

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

    # ------------------------------------------------------------ writing

    @contextmanager
    def draft(self, sha: str) -> Iterator[Path]:
        """A detached working tree at `sha` outside the workspace, for an evolver to edit; gone afterwards."""
        with self.locked(), self._drafts.draft(self._git, sha) as tree:
            yield tree

    def commit_draft(self, worktree: Path, change: Change, paths: Sequence[str] | None = None) -> str:
        """Commit the edits in a draft (only those at `paths`, if given) as one change. Returns the commit.

        Raises `HarnessError` where nothing was edited.
        """
        return self._drafts.commit(self._git, worktree, change, paths)

    def advance(self, sha: str) -> None:
        """Fast-forward the checked-out branch and the working tree to a descendant of HEAD."""
        with self.locked():
            self.require_clean()
            start, branch = self.head(), self.branch()
            if start == sha:
                return
            if not self.contains(start, within=sha):
                raise WorkspaceError(
                    f"{branch} has moved on to {start[:10]}, which {sha[:10]} does not build on: "
                    "run ahe again, it goes on from there"
                )
            with self._lock.moving(f"refs/heads/{branch}", start, sha):
                self._git.run("merge", "--ff-only", "--quiet", "--no-overwrite-ignore", sha)

    def note(self, sha: str, verdict: Verdict) -> None:
        """Write the verdict as the commit's note, in place of an earlier one. A person's own lines stay."""
        with self.locked():
            self._note(sha, verdict, NOTES_REF)

    def note_all(self, verdicts: Mapping[str, Verdict]) -> None:
        """Write the verdicts of one decision, all of them or none: the notes move in one step."""
        with self.locked():
            git, building = self._git, f"{NOTES_REF}-next"
            there = git.probe("rev-parse", "--verify", "--quiet", NOTES_REF)
            git.run(*(["update-ref", "-d", building] if there.code else ["update-ref", building, NOTES_REF]))
            for sha, verdict in verdicts.items():
                self._note(sha, verdict, building)
            if verdicts:
                git.run("update-ref", "-m", "ahe: verdicts", NOTES_REF, building)
            git.run("update-ref", "-d", building)

    def revert(self, sha: str, message_tail: str = "", *, person: bool = False) -> str:
        """`git revert` a commit, at HEAD. Returns the new commit.

        `message_tail` is added to git's message; its `Ahe-…: …` lines become trailers. The workspace moves
        in one step when the revert is complete. With `person` the commit is made by whom git's own
        configuration names. Raises `RevertConflict`, with the tree as it was.
        """
        with self.locked():
            self.require_clean()
            if not self.contains(sha):
                raise WorkspaceError(f"{sha[:10]} is not part of {self.branch()}: there is nothing to revert")
            (commit,) = self.commits(limit=1, start=sha)
            git = state.as_person(self._git) if person else self._git
            with self.draft(self.head()) as tree:
                try:
                    new = self._drafts.revert(git, tree, commit, message_tail)
                except RevertConflict as conflict:
                    raise RevertConflict(self._choices(commit, str(conflict))) from None
            self.advance(new)
            return new

    def without(self, sha: str, commits: Sequence[Commit]) -> str:
        """A commit whose tree is that of `sha` with these commits reverted, in their order; on no branch.

        The workspace is not touched. Raises `RevertConflict` with the files that collide.
        """
        with self.draft(sha) as tree:
            return self._drafts.leave_out(self._git, tree, commits)

    def tag(self, name: str, sha: str, force: bool = False, message: str = "") -> None:
        """Set a tag such as `ahe/iter-003`. One that points elsewhere is moved only with `force`.

        With `message` the tag is annotated, and `git show` of it tells the message.
        """
        if not name.startswith("ahe/"):
            raise WorkspaceError(f"{name!r} is not a tag of ahe: its tags begin with ahe/")
        with self.locked():
            there = self.tags().get(name)
            if there == sha:
                return
            if there is not None and not force:
                raise WorkspaceError(f"the tag {name} points to {there[:10]} already")
            says = ("--annotate", "--cleanup=verbatim", "--file=-") if message else ()
            self._git.run("tag", "--force", *says, "--", name, sha, stdin=message.encode())

    def tag_final(self, final: Final) -> None:
        """Write the result of a look at the test split into its tag `ahe/final-NNN`, once and for all."""
        self.tag(final_tag(final), final.plan.best, message=final_text(final))

    # ------------------------------------------------------------

    @property
    def _git(self) -> Git:
        return replace(self._repository, keep=self._lock.descriptors)

    def _note(self, sha: str, verdict: Verdict, ref: str) -> None:
        earlier = self._git.probe("notes", f"--ref={ref}", "show", sha)
        text = note_text(verdict, "" if earlier.code else earlier.text)
        self._git.run("notes", f"--ref={ref}", "add", "--force", "--file=-", sha, stdin=text.encode())

    def _mend(self, intent: Intent) -> None:
        mend(self._git, intent)

    def _choices(self, commit: Commit, files: str) -> str:
        later = diffs.later_commits(self._git, commit.sha, self.changed_paths(commit.sha))
        return (
            f"{commit.sha[:10]} ({commit.subject}) cannot be reverted: "
            f"later work changed the same lines of {files}.\n"
            "The workspace is as it was. Either revert the later commits first, newest first:\n"
            + "".join(f"  {line}\n" for line in later)
            + f"or resolve it by hand: git -C {self.path} revert {commit.sha[:10]}\n"
            "or leave it in place."
        )
