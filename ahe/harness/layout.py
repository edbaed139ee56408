"""The seven mounts as data: where each kind of component stands, and what it is called there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ahe.errors import HarnessError
from ahe.harness.mounts import FOLDERS, MANIFEST, counts, ignored
from ahe.records import Kind

TOOL_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
SKILL_NAME = r"[a-z0-9](?:-?[a-z0-9]){0,63}"

# Hooks of a middleware class, with the number of arguments after `self`.
HOOKS = {
    "on_start": 1,
    "before_model": 2,
    "after_model": 2,
    "before_tool": 2,
    "after_tool": 3,
    "before_finish": 2,
}


@dataclass(frozen=True)
class Place:
    """Where the components of one kind stand. `pattern` is for people, `expression` decides.

    A skill is a folder: `inside` holds for its other files.
    """

    kind: Kind
    pattern: str
    expression: re.Pattern[str]
    inside: re.Pattern[str] | None = None


def _place(kind: Kind, pattern: str, expression: str, inside: str | None = None) -> Place:
    return Place(kind, pattern, re.compile(expression), re.compile(inside) if inside else None)


PLACES = (
    _place(Kind.SYSTEM_PROMPT, "system_prompt.md", r"system_prompt\.md"),
    _place(
        Kind.TOOL_DESCRIPTION,
        "tool_descriptions/<tool>.yaml",
        rf"tool_descriptions/(?P<name>{TOOL_NAME})\.yaml",
    ),
    _place(Kind.TOOL_IMPLEMENTATION, "tools/<tool>.py", rf"tools/(?P<name>{TOOL_NAME})\.py"),
    _place(
        Kind.MIDDLEWARE, "middleware/<NN>_<name>.py", r"middleware/(?P<name>[0-9]{2}_[A-Za-z0-9_]{1,60})\.py"
    ),
    _place(
        Kind.SKILL,
        "skills/<name>/SKILL.md",
        rf"skills/(?P<name>{SKILL_NAME})/SKILL\.md",
        rf"skills/{SKILL_NAME}/(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*",
    ),
    _place(
        Kind.SUB_AGENT, "sub_agents/<name>.md", r"sub_agents/(?P<name>[A-Za-z0-9][A-Za-z0-9_-]{0,59})\.md"
    ),
    _place(Kind.MEMORY, "memory.md", r"memory\.md"),
)
MOUNTS = tuple(place.pattern.split("/")[0] for place in PLACES)
"""The seven names at the root of a harness, in the order of the kinds."""


def classify(path: str) -> Kind | None:
    """Kind of the component that `path` (POSIX, relative to the harness) belongs to.

    None for what is no component: `harness.toml`, `README.md`, `.gitkeep`. Raises `HarnessError` for any
    other name, saying which name would be right.
    """
    if path == MANIFEST or ignored(path):
        return None
    for place in PLACES:
        if place.expression.fullmatch(path) or (place.inside and place.inside.fullmatch(path)):
            return place.kind
    folder = path.split("/", 1)[0]
    right = next(
        (p.pattern for p in PLACES if folder in FOLDERS and p.pattern.startswith(f"{folder}/")), None
    )
    if right:
        raise HarnessError(f"{path}: a file in {folder}/ is called {right}")
    raise HarnessError(f"{path}: unknown name; a harness has {', '.join(p.pattern for p in PLACES)} only")


def component_name(path: str) -> str:
    """`<tool>`, `<NN>_<name>` or `<name>` of a component's path; empty for the two single files."""
    for place in PLACES:
        if found := place.expression.fullmatch(path):
            return found.groupdict().get("name") or ""
    return ""


def component_paths(root: Path) -> list[tuple[Kind, str]]:
    """The components in folder `root`, by kind, then by path; what has no right name is left out."""
    found = []
    for path in harness_files(root):
        for number, place in enumerate(PLACES):
            if place.expression.fullmatch(path):
                found.append((number, path, place.kind))
    return [(kind, path) for _, path, kind in sorted(found)]


def harness_files(root: Path) -> list[str]:
    """Paths of all files (and links) in folder `root` that count, sorted. `.git` is not looked into."""
    found: list[str] = []
    folders = [root]
    while folders:
        for entry in folders.pop().iterdir():
            path = entry.relative_to(root).as_posix()
            if entry.name == ".git" and entry.parent == root:
                continue
            if entry.is_dir() and not entry.is_symlink():
                folders.append(entry)
            elif counts(path):
                found.append(path)
    return sorted(found)
