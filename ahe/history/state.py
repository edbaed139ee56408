"""Where a workspace stands: HEAD, branch, tags, and whether anything is uncommitted or half done."""

from __future__ import annotations

from dataclasses import replace

from ahe.errors import WorkspaceError
from ahe.harness.mounts import counts
from ahe.history.finals import read_final
from ahe.history.git import Git
from ahe.records import Final

# What git leaves while something is half done: file, its name, how to end it.
_HALF_DONE = (
    ("MERGE_HEAD", "merge", "`git merge --continue` or `git merge --abort`"),
    ("REVERT_HEAD", "revert", "`git revert --continue` or `git revert --abort`"),
    ("CHERRY_PICK_HEAD", "cherry-pick", "`git cherry-pick --continue` or `git cherry-pick --abort`"),
    ("rebase-merge", "rebase", "`git rebase --continue` or `git rebase --abort`"),
    ("rebase-apply", "rebase or am", "`git rebase --continue` or `git rebase --abort`"),
    ("BISECT_LOG", "bisect", "`git bisect reset`"),
)


def head(git: Git) -> str:
    """The commit at HEAD. Raises `WorkspaceError` where there is no commit yet."""
    found = git.probe("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if found.code:
        raise WorkspaceError(f"{git.tree} has no commit yet: commit the harness first")
    return found.text.strip()


def root(git: Git) -> str:
    """The oldest commit along first parents."""
    return git.run("rev-list", "--first-parent", "HEAD").split()[-1]


def branch(git: Git) -> str:
    """The branch that is checked out. Raises `WorkspaceError` when HEAD is detached."""
    found = git.probe("symbolic-ref", "--quiet", "HEAD")
    if found.code:
        raise WorkspaceError(
            f"{git.tree} is on no branch (detached HEAD), so a commit made there could be lost: "
            f"`git -C {git.tree} switch -` goes back, `git -C {git.tree} switch -c NAME` makes a branch here"
        )
    return found.text.strip().removeprefix("refs/heads/")


def require_clean(git: Git) -> None:
    """Raise `WorkspaceError` unless on a branch, with nothing half done and every edit committed."""
    assert git.folder is not None
    for name, what, way_out in _HALF_DONE:
        if (git.folder / name).exists():
            raise WorkspaceError(
                f"a {what} is under way in {git.tree}: end it with {way_out}, then run ahe again"
            )
    branch(git)
    if edits := _edits(git):
        listed = "\n".join(f"  {line}" for line in edits[:20]) + ("\n  …" if len(edits) > 20 else "")
        raise WorkspaceError(
            f"{git.tree} has edits that are not committed:\n{listed}\n"
            "Nothing was touched. Either commit them, and they are measured like any change:\n"
            f"  git -C {git.tree} add -A && git -C {git.tree} commit\n"
            "or put them aside (`git stash pop` brings them back):\n"
            f"  git -C {git.tree} stash -u"
        )


def as_person(git: Git) -> Git:
    """The repository, for commits in the person's own name. Raises `WorkspaceError` where git knows none."""
    own = replace(git, as_person=True)
    if own.probe("var", "GIT_AUTHOR_IDENT").code or own.probe("var", "GIT_COMMITTER_IDENT").code:
        raise WorkspaceError(
            "git does not know who you are: run `git config --global user.name NAME` and "
            "`git config --global user.email ADDRESS` first"
        )
    return own


def tags(git: Git) -> dict[str, str]:
    """Commit of each tag under `ahe/`, by name."""
    output = git.run(
        "for-each-ref", "--format=%(refname:strip=2) %(objectname) %(*objectname)", "refs/tags/ahe"
    )
    found = {}
    for line in output.splitlines():
        name, sha, *peeled = line.split()
        found[name] = peeled[0] if peeled else sha
    return found


def finals(git: Git) -> list[Final]:
    """What the tags `ahe/final-NNN` hold, by their names. One whose message was edited away is left out."""
    output = git.run("for-each-ref", "--sort=refname", "--format=%(contents)%00", "refs/tags/ahe/")
    found = [read_final(text) for text in output.split("\0") if "Ahe-Final: " in text]
    return [final for final in found if final is not None]


def _edits(git: Git) -> list[str]:
    """Changes of tracked files, and untracked files of the harness, as `git status` abbreviates them."""
    output = git.run("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all")
    lines = [line for line in output.split("\0") if line]
    return [line for line in lines if not line.startswith("?? ") or counts(line[3:])]
