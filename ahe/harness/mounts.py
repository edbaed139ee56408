"""The names that make a harness: the seven mounts and `harness.toml`. Everything else is not measured."""

from __future__ import annotations

from ahe.records import Record

MANIFEST = "harness.toml"
FILES = ("system_prompt.md", "memory.md")
FOLDERS = ("tool_descriptions", "tools", "middleware", "skills", "sub_agents")
NAMES = (*FILES, *FOLDERS, MANIFEST)


class Stored(Record):
    """What stands at a path of a harness: its git object id, and its text (none for a folder)."""

    git_id: str
    text: str


class Touched(Record):
    """The commit that touched a path."""

    sha: str
    subject: str


def ignored(path: str) -> bool:
    """Whether a path is a note to people: `.gitkeep`, and a `README.md` at the root or directly in a mount.

    A README inside a skill's own folder belongs to the skill: the model can read it.
    """
    parts = path.split("/")
    return parts[-1] == ".gitkeep" or (parts[-1] == "README.md" and len(parts) <= 2)


def counts(path: str) -> bool:
    """Whether a path (POSIX, relative to the harness) is part of what a trial measures."""
    return path.split("/", 1)[0] in NAMES and not ignored(path)
