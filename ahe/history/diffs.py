"""What commits changed. A merge is seen from its first parent."""

from __future__ import annotations

from collections.abc import Sequence

from ahe.harness.mounts import Touched
from ahe.history.commits import NOTES_REF
from ahe.history.git import Git

_PLAIN = ("--no-ext-diff", "--no-textconv", "--no-color")
_ONE = ("show", "--format=", "--diff-merges=first-parent", "--no-renames", *_PLAIN)


def diff(git: Git, a: str, b: str, path: str | None) -> str:
    """A unified diff from `a` to `b`, of everything or of one path."""
    return git.run("--literal-pathspecs", "diff", *_PLAIN, a, b, "--", *([path] if path else []))


def show(git: Git, sha: str) -> str:
    """Message, note, summary and diff of one commit."""
    notes = ("--no-notes", f"--notes={NOTES_REF}")
    return git.run("show", "--stat", "--patch", "--diff-merges=first-parent", *notes, *_PLAIN, sha)


def changed_paths(git: Git, sha: str) -> list[str]:
    """Paths that a commit adds, changes or removes."""
    output = git.run(*_ONE, "--name-only", "-z", sha, "--")
    return [path for path in output.split("\0") if path]


def added_lines(git: Git, sha: str, path: str | None) -> list[str]:
    """Lines that a commit adds, to one path or to all."""
    wanted = [path] if path else []
    output = git.run("--literal-pathspecs", *_ONE, "--unified=0", sha, "--", *wanted)
    lines, inside = [], False
    for line in output.split("\n"):
        if line.startswith(("@@", "diff --git ")):
            inside = line.startswith("@@")
        elif inside and line.startswith("+"):
            lines.append(line[1:])
    return lines


def last_changes(git: Git, start: str) -> dict[str, Touched]:
    """The newest commit that touched each path, most recent first, from one process."""
    marked = "--format=%x01%H %s"
    output = git.run(
        "log", "-z", marked, "--name-only", "--no-renames", "--diff-merges=first-parent", start, "--"
    )
    found: dict[str, Touched] = {}
    touched = Touched(sha="", subject="")
    for part in output.split("\0"):
        if part.startswith("\x01"):
            sha, _, subject = part[1:].strip().partition(" ")
            touched = Touched(sha=sha, subject=subject)
        elif path := part.lstrip("\n"):
            found.setdefault(path, touched)
    return found


def later_commits(git: Git, sha: str, paths: Sequence[str]) -> list[str]:
    """`<id> <subject>` of the commits after `sha` that touch one of its paths, newest first."""
    output = git.run(
        "--literal-pathspecs", "log", "--format=%h %s", "--no-notes", f"{sha}..HEAD", "--", *paths
    )
    return output.splitlines()
