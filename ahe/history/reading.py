"""Reads the record of a workspace. This needs no lock, because git updates refs and files atomically."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from ahe.errors import WorkspaceError
from ahe.harness.inventory import Touched
from ahe.harness.layout import counts
from ahe.history.commits import VARIANTS, Commit, read_commits
from ahe.history.git import locate
from ahe.history.message import read_final, read_look
from ahe.history.trees import Trees
from ahe.records import Final, FinalPlan

# Files that git leaves while an operation is unfinished, the operation, and how to end it.
_HALF_DONE = (
    ("MERGE_HEAD", "merge", "`git merge --continue` or `git merge --abort`"),
    ("REVERT_HEAD", "revert", "`git revert --continue` or `git revert --abort`"),
    ("CHERRY_PICK_HEAD", "cherry-pick", "`git cherry-pick --continue` or `git cherry-pick --abort`"),
    ("rebase-merge", "rebase", "`git rebase --continue` or `git rebase --abort`"),
    ("rebase-apply", "rebase or am", "`git rebase --continue` or `git rebase --abort`"),
    ("BISECT_LOG", "bisect", "`git bisect reset`"),
)
_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color")
_NAMES_ONLY = ("-z", "--name-only", "--no-renames", "--diff-merges=first-parent")
_CHANGE_ID = re.compile(r"(\d{3,}-\d+)([~^][~^\d]*)?")


class Reading(Trees):
    """The record of one workspace, to read. Every method raises `WorkspaceError`, whose message names the fix."""

    def __init__(self, path: Path) -> None:
        super().__init__(locate(path))
        self.path = path

    def head(self) -> str:
        """The commit at HEAD. Raises `WorkspaceError` if there is no commit yet."""
        found = self._git.probe("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        if found.code:
            raise WorkspaceError(f"{self._git.tree} has no commit yet: commit the harness first")
        return found.text.strip()

    def branch(self) -> str:
        """The branch that is checked out. Raises `WorkspaceError` if HEAD is detached."""
        tree = self._git.tree
        found = self._git.probe("symbolic-ref", "--quiet", "HEAD")
        if found.code:
            raise WorkspaceError(
                f"{tree} is on no branch (detached HEAD), so a commit made there could be lost: "
                f"`git -C {tree} switch -` goes back, `git -C {tree} switch -c NAME` makes a branch here"
            )
        return found.text.strip().removeprefix("refs/heads/")

    def require_clean(self) -> None:
        """Raise `WorkspaceError` unless a branch is checked out, no git operation is unfinished, and all edits are
        committed."""
        tree = self._git.tree
        assert self._git.folder is not None
        for name, what, way_out in _HALF_DONE:
            if (self._git.folder / name).exists():
                raise WorkspaceError(
                    f"a {what} is under way in {tree}: end it with {way_out}, then run ahe again"
                )
        self.branch()
        output = self._git.run("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all")
        lines = [line for line in output.split("\0") if line]
        if edits := [line for line in lines if not line.startswith("?? ") or counts(line[3:])]:
            listed = "\n".join(f"  {line}" for line in edits[:20]) + ("\n  …" if len(edits) > 20 else "")
            raise WorkspaceError(
                f"{tree} has edits that are not committed:\n{listed}\n"
                "Nothing was changed. Either commit them, and they are measured like any change:\n"
                f"  git -C {tree} add -A && git -C {tree} commit\n"
                "or put them aside (`git stash pop` brings them back):\n"
                f"  git -C {tree} stash -u"
            )

    def resolve(self, text: str) -> str:
        """The commit that a person means: (the beginning of) an id, a tag, `003-1`, `003-1~1`, `best`."""
        guesses = [text, f"refs/tags/ahe/{text}"]
        if named := _CHANGE_ID.fullmatch(text):
            found = (commit.sha for commit in self._with_variants() if commit.change_id == named[1])
            guesses = [f"{sha}{named[2] or ''}" for sha in islice(found, 1)] + guesses
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
        """The oldest commit of the branch, along first parents: the seed."""
        return self._git.run("rev-list", "--first-parent", "HEAD").split()[-1]

    def commits(self, limit: int | None = None, start: str = "HEAD", *, merged: bool = False) -> list[Commit]:
        """See `read_commits`."""
        return read_commits(self._git, start, limit, merged)

    def built_on(self, head: str, branch: str) -> list[Commit]:
        """The commits of a branch after `head`, newest first; none where it is not there or does not contain `head`."""
        ref = f"refs/heads/{branch}"
        return read_commits(self._git, f"{head}..{ref}") if self.contains(head, within=ref) else []

    def variants(self) -> list[Commit]:
        """Commits of variants that HEAD does not contain, newest first; their branches are among the `tags`."""
        return read_commits(self._git, f"--branches={VARIANTS}*", without="HEAD")

    def _with_variants(self) -> Iterator[Commit]:
        yield from self.commits(merged=True)
        yield from self.variants()

    def tags(self) -> dict[str, str]:
        """Commit of each tag under `ahe/`, by name."""
        output = self._git.run(
            "for-each-ref", "--format=%(refname:strip=2) %(objectname) %(*objectname)", "refs/tags/ahe"
        )
        found = {}
        for line in output.splitlines():
            name, sha, *peeled = line.split()
            found[name] = peeled[0] if peeled else sha
        return found

    def finals(self) -> list[Final]:
        """The results in the tags `ahe/final-NNN`, by name. Tags whose message a person has changed are left out."""
        return [final for text in self._tagged("Ahe-Final: ") if (final := read_final(text))]

    def looks(self) -> list[FinalPlan]:
        """The plans in the tags `ahe/look-NNN`: looks at the test split beside those of `finals`."""
        return [plan for text in self._tagged("Ahe-Look: ") if (plan := read_look(text))]

    def _tagged(self, line: str) -> list[str]:
        """The messages of tags that contain this, by the tag's name."""
        output = self._git.run("for-each-ref", "--sort=refname", "--format=%(contents)%00", "refs/tags/ahe/")
        return [text for text in output.split("\0") if line in text]

    def diff(self, a: str, b: str) -> str:
        """A unified diff from commit `a` to commit `b`."""
        return self._git.run("diff", *_PLAIN, self.resolve(a), self.resolve(b), "--")

    def changed_paths(self, sha: str) -> list[str]:
        """Paths that a commit adds, changes or removes; a merge against its first parent."""
        output = self._git.run("show", "--format=", *_NAMES_ONLY, *_PLAIN, sha, "--")
        return [path for path in output.split("\0") if path]

    def last_changes(self, start: str) -> dict[str, Touched]:
        """For each path that ever existed, the commit that touched it last; most recent first."""
        output = self._git.run("log", "--format=%x01%H %s", *_NAMES_ONLY, start, "--")
        found: dict[str, Touched] = {}
        touched = Touched(sha="", subject="")
        for part in output.split("\0"):
            if part.startswith("\x01"):
                sha, _, subject = part[1:].strip().partition(" ")
                touched = Touched(sha=sha, subject=subject)
            elif path := part.lstrip("\n"):
                found.setdefault(path, touched)
        return found

    def later_commits(self, sha: str, paths: Sequence[str]) -> list[str]:
        """`<id> <subject>` of the commits after `sha` that touch one of these paths, newest first."""
        later = ("log", "--format=%h %s", "--no-notes", f"{sha}..HEAD", "--", *paths)
        return self._git.run("--literal-pathspecs", *later).splitlines()
