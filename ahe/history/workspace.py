"""The workspace's git record, as the rest of `ahe` uses it: reading (`Reading`) and every way to write.

Commits are made in drafts, which are separate working trees. The evolver edits one, and `git revert` runs in one, so
that the workspace stays clean if something goes wrong.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

from ahe.errors import HarnessError, RevertConflict, WorkspaceError
from ahe.harness.layout import MOUNTS
from ahe.history import create as _create
from ahe.history.commits import NOTES_REF, Commit
from ahe.history.git import Git
from ahe.history.lock import DRAFT, Lock, clean_up
from ahe.history.message import change_message, final_tag, final_text, look_text, note_text, revert_message
from ahe.history.reading import Reading
from ahe.records import Change, Final, FinalPlan, Kind, Verdict

# Commit every file in an evolver's draft, even if a person's own configuration ignores it.
_TAKE_ALL = {"core.excludesFile": os.devnull}


class History(Reading):
    """The record of one workspace, to read and to write.

    Every method that writes holds the workspace's lock while it runs (`locked` holds it for longer). If an `ahe` was
    killed, the first one to take the lock after it cleans up.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._lock = Lock(self._repository.common, lambda intent: clean_up(self._git, intent))
        self._drafts: dict[Path, Path] = {}  # the git directory of each open draft

    @classmethod
    def create(cls, path: Path, seed: Path) -> History:
        """Make the workspace from the harness in folder `seed`, and open it."""
        _create.create(path, seed)
        return cls(path)

    @classmethod
    def unpack(cls, path: Path, bundle: Path) -> History:
        """Make the workspace from the git bundle of an evolved harness, and open it."""
        _create.unpack(path, bundle)
        return cls(path)

    def locked(self) -> AbstractContextManager[None]:
        """Keep every other `ahe` from writing; plain git is not blocked."""
        return self._lock.held()

    def recover(self) -> None:
        """Clean up after a killed `ahe`, and configure the repository (see `create.configure`)."""
        with self.locked():
            _create.configure(self._git)

    @contextmanager
    def draft(self, sha: str) -> Iterator[Path]:
        """A detached working tree at `sha` outside the workspace, for an evolver to edit.

        It is removed afterwards; its commits stay in the repository.
        """
        with self.locked():
            tree = Path(tempfile.mkdtemp(prefix=DRAFT)).resolve()
            record = self._repository.common / "worktrees" / tree.name
            try:
                self._git.run("worktree", "add", "--quiet", "--detach", str(tree), sha)
                self._drafts[tree] = record
                yield tree
            finally:
                self._drafts.pop(tree, None)
                shutil.rmtree(tree, ignore_errors=True)
                shutil.rmtree(record, ignore_errors=True)

    def commit_draft(self, worktree: Path, change: Change) -> str:
        """Commit the edits in a draft as one change. Returns the commit.

        Raises `HarnessError` where nothing was edited, or where a repository was made inside the draft.
        """
        inside = self._inside(worktree)
        if nested := [p for p in inside.tree.rglob(".git") if p.parent != inside.tree]:
            where = nested[0].relative_to(inside.tree)
            raise HarnessError(f"{where}: a harness holds plain files, not a repository of its own")
        inside.run("add", "--all", config=_TAKE_ALL)
        if not inside.probe("diff", "--cached", "--quiet").code:
            raise HarnessError(f"change {change.id} changes no file")
        return _commit(inside, change_message(change))

    def commit_by_person(self, write: Callable[[Path], None], message: str) -> str:
        """Commit at HEAD what `write` changes in a working tree, in the person's own name. Returns the commit.

        Raises `WorkspaceError` where git has no name for the person, and where nothing changed.
        """
        with self.locked():
            self.require_clean()
            git = self._git.as_person()
            with self.draft(self.head()) as tree:
                write(tree)
                inside = self._inside(tree, git)
                inside.run("add", "--all", config=_TAKE_ALL)
                if not inside.probe("diff", "--cached", "--quiet").code:
                    raise WorkspaceError(f"nothing would change in {self.path}: it is there already")
                new = _commit(inside, message)
            self.advance(new)
            return new

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
                    "run ahe again, it continues from there"
                )
            with self._lock.moving(f"refs/heads/{branch}", start, sha):
                self._git.run("merge", "--ff-only", "--quiet", "--no-overwrite-ignore", sha)

    def note(self, sha: str, verdict: Verdict) -> None:
        """Write the verdict as the commit's note and replace an earlier one. Lines that a person added are kept."""
        self.note_all({sha: verdict})

    def note_all(self, verdicts: Mapping[str, Verdict]) -> None:
        """Write the verdicts of one decision, all or none: the ref of the notes moves once."""
        with self.locked():
            git, building = self._git, f"{NOTES_REF}-next"
            there = git.probe("rev-parse", "--verify", "--quiet", NOTES_REF)
            git.run(*(["update-ref", "-d", building] if there.code else ["update-ref", building, NOTES_REF]))
            for sha, verdict in verdicts.items():
                earlier = git.probe("notes", f"--ref={building}", "show", sha)
                text = note_text(verdict, "" if earlier.code else earlier.text)
                git.run("notes", f"--ref={building}", "add", "--force", "--file=-", sha, stdin=text.encode())
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
            if not commit.parents:
                raise WorkspaceError(f"{sha[:10]} is the first commit: name a change that came after it")
            git = self._git.as_person() if person else self._git
            with self.draft(self.head()) as tree:
                inside = self._inside(tree, git)
                try:
                    failed = _revert(inside, commit)
                except RevertConflict as conflict:
                    raise RevertConflict(self._choices(commit, str(conflict))) from None
                if failed:
                    raise WorkspaceError(
                        f"{commit.sha[:10]} cannot be reverted, its effect is gone already: {failed}"
                    )
                new = _commit(inside, revert_message(commit.sha, commit.subject, message_tail), "--amend")
            self.advance(new)
            return new

    def without(self, sha: str, commits: Sequence[Commit]) -> str:
        """A commit with the tree of `sha` after reverting these commits, in their order; it is on no branch.

        Commits whose effect is gone already are skipped. The workspace is not changed. Raises `RevertConflict` with
        the files in conflict.
        """
        with self.draft(sha) as tree:
            inside = self._inside(tree)
            for commit in commits:
                if _revert(inside, commit):
                    inside.run("reset", "--hard", "--quiet")
                    inside.probe("revert", "--quit")
            return _head(inside)

    def combined(self, sha: str, kind: Kind, other: str) -> str:
        """A commit with the tree of `sha`, its components of one kind as they are in `other`; see `without`."""
        with self.draft(sha) as tree:
            inside = self._inside(tree)
            for source, command in ((sha, ("rm", "--quiet")), (other, ("checkout", "--quiet", other))):
                paths = [file.path for file in self._files(source) if file.path.split("/")[0] == MOUNTS[kind]]
                if paths:
                    inside.run("--literal-pathspecs", *command, "--", *paths)
            return _commit(inside, f"{kind} of {other}\n", "--allow-empty")

    def tag(self, name: str, sha: str, force: bool = False, message: str = "") -> None:
        """Set a tag such as `ahe/iter-003`. A tag that points elsewhere is moved only with `force`.

        With `message` the tag is annotated, and `git show` of it prints the message.
        """
        if not name.startswith("ahe/"):
            raise WorkspaceError(f"{name!r} is not a tag of ahe: name it ahe/…")
        with self.locked():
            there = self.tags().get(name)
            if there == sha:
                return
            if there is not None and not force:
                raise WorkspaceError(
                    f"the tag {name} points to {there[:10]} already: `git tag -d {name}` removes it"
                )
            says = ("--annotate", "--cleanup=verbatim", "--file=-") if message else ()
            self._git.run("tag", "--force", *says, "--", name, sha, stdin=message.encode())

    def set_variant(self, branch: str, sha: str) -> None:
        """Point the branch of a variant at its newest commit. Nothing is checked out."""
        with self.locked():
            self._git.run("update-ref", "-m", "ahe: variant", f"refs/heads/{branch}", sha)

    def tag_final(self, final: Final) -> None:
        """Write the result of a look at the test split into its tag `ahe/final-NNN`, which is never moved."""
        self.tag(final_tag(final), final.plan.best, message=final_text(final))

    def tag_look(self, plan: FinalPlan) -> None:
        """Write the plan of a further look at the test split into its tag `ahe/look-NNN`, before anything runs."""
        self.tag(f"ahe/look-{plan.look:03d}", plan.best, message=look_text(plan))

    # ------------------------------------------------------------

    @property
    def _git(self) -> Git:
        return replace(self._repository, keep=self._lock.descriptors)

    def _inside(self, tree: Path, git: Git | None = None) -> Git:
        """Git in an open draft.

        Its git directory is the one remembered here, never read from the draft's `.git` file, which the evolver could
        point elsewhere.
        """
        record = self._drafts.get(tree.resolve())
        if record is None:
            raise WorkspaceError(f"{tree} is not an open draft of {self._git.tree}")
        return replace(git or self._git, tree=tree.resolve(), folder=record)

    def _choices(self, commit: Commit, files: str) -> str:
        later = self.later_commits(commit.sha, self.changed_paths(commit.sha))
        return (
            f"{commit.sha[:10]} ({commit.subject}) cannot be reverted: "
            f"later work changed the same lines of {files}.\n"
            "The workspace is unchanged. Either revert the later commits first, newest first:\n"
            + "".join(f"  {line}\n" for line in later)
            + f"or resolve the conflict yourself: git -C {self.path} revert {commit.sha[:10]}\n"
            "or leave it in place."
        )


def _revert(inside: Git, commit: Commit) -> str:
    """Revert a commit. Returns the empty string, or git's message if there was nothing left to revert."""
    mainline = ["--mainline", "1"] if len(commit.parents) > 1 else []
    result = inside.probe("revert", "--no-edit", *mainline, commit.sha)
    if not result.code:
        return ""
    files = inside.run("diff", "--name-only", "--diff-filter=U", "-z").split("\0")
    if any(files):
        raise RevertConflict(", ".join(filter(None, files)))
    return result.err.strip() or "no message"


def _commit(inside: Git, message: str, *flags: str) -> str:
    inside.run("commit", "--quiet", "--cleanup=verbatim", "--file=-", *flags, stdin=message.encode())
    return _head(inside)


def _head(inside: Git) -> str:
    return inside.run("rev-parse", "HEAD").strip()
