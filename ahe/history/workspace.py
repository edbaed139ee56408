"""The workspace's git record, as the rest of `ahe` uses it: what can be read of it, and every way to write it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from ahe.errors import RevertConflict, WorkspaceError
from ahe.history import create as _create
from ahe.history.commits import NOTES_REF, Commit
from ahe.history.drafts import Drafts
from ahe.history.git import Git
from ahe.history.lock import Intent, Lock, clean_up
from ahe.history.message import final_tag, final_text, note_text
from ahe.history.reading import Reading
from ahe.records import Change, Final, Verdict


class History(Reading):
    """The record of one workspace, to read and to write.

    Whatever writes takes the workspace's lock for as long as it lasts (`locked` keeps it for longer), and the first
    to take it after a killed `ahe` cleans up what that one left.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        assert self._repository.folder is not None
        self._lock = Lock(self._repository.folder, self._clean_up)
        self._drafts = Drafts()

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

    @contextmanager
    def draft(self, sha: str) -> Iterator[Path]:
        """A detached working tree at `sha` outside the workspace, for an evolver to edit; gone afterwards."""
        with self.locked(), self._drafts.draft(self._git, sha) as tree:
            yield tree

    def commit_draft(self, worktree: Path, change: Change) -> str:
        """Commit the edits in a draft as one change. Returns the commit.

        Raises `HarnessError` where nothing was edited.
        """
        return self._drafts.commit(self._git, worktree, change)

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
        in one step when the revert is complete. With `person` the author is the one that git's own
        configuration names. Raises `RevertConflict`, with the tree as it was.
        """
        with self.locked():
            self.require_clean()
            if not self.contains(sha):
                raise WorkspaceError(f"{sha[:10]} is not part of {self.branch()}: there is nothing to revert")
            (commit,) = self.commits(limit=1, start=sha)
            git = self._as_person() if person else self._git
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

        With `message` the tag is annotated, and `git show` of it prints the message.
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

    def _clean_up(self, intent: Intent) -> None:
        clean_up(self._git, intent)

    def _choices(self, commit: Commit, files: str) -> str:
        later = self.later_commits(commit.sha, self.changed_paths(commit.sha))
        return (
            f"{commit.sha[:10]} ({commit.subject}) cannot be reverted: "
            f"later work changed the same lines of {files}.\n"
            "The workspace is as it was. Either revert the later commits first, newest first:\n"
            + "".join(f"  {line}\n" for line in later)
            + f"or resolve it by hand: git -C {self.path} revert {commit.sha[:10]}\n"
            "or leave it in place."
        )
