"""The layout of a harness: its seven mounts and `harness.toml`, and the file names of each kind.

Other files in the folder are not part of the harness.
"""

import re
from typing import NamedTuple

from ahe.errors import HarnessError
from ahe.records import Kind

MANIFEST = "harness.toml"
FILES = ("system_prompt.md", "memory.md")
FOLDERS = ("tool_descriptions", "tools", "middleware", "skills", "sub_agents")
NAMES = (*FILES, *FOLDERS, MANIFEST)

TOOL_NAME = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
SKILL_NAME = r"[a-z0-9](?:-?[a-z0-9]){0,63}"


class Place(NamedTuple):
    """The paths of one kind of component: `expression` matches them, `pattern` shows them to people.

    A skill is a folder: `inside` matches its other files.
    """

    kind: Kind
    pattern: str
    expression: str
    inside: str = ""

    def match(self, path: str) -> re.Match[str] | None:
        """The match of a path that names a component of this kind; its group `name`, where it has one."""
        return re.fullmatch(self.expression, path)


PLACES = (
    Place(Kind.SYSTEM_PROMPT, "system_prompt.md", r"system_prompt\.md"),
    Place(
        Kind.TOOL_DESCRIPTION,
        "tool_descriptions/<tool>.yaml",
        rf"tool_descriptions/(?P<name>{TOOL_NAME})\.yaml",
    ),
    Place(Kind.TOOL_IMPLEMENTATION, "tools/<tool>.py", rf"tools/(?P<name>{TOOL_NAME})\.py"),
    Place(
        Kind.MIDDLEWARE, "middleware/<NN>_<name>.py", r"middleware/(?P<name>[0-9]{2}_[A-Za-z0-9_]{1,60})\.py"
    ),
    Place(
        Kind.SKILL,
        "skills/<name>/SKILL.md",
        rf"skills/(?P<name>{SKILL_NAME})/SKILL\.md",
        rf"skills/{SKILL_NAME}/(?:[A-Za-z0-9_-][A-Za-z0-9_.-]*/)*[A-Za-z0-9_-][A-Za-z0-9_.-]*",
    ),
    Place(Kind.SUB_AGENT, "sub_agents/<name>.md", r"sub_agents/(?P<name>[A-Za-z0-9][A-Za-z0-9_-]{0,59})\.md"),
    Place(Kind.MEMORY, "memory.md", r"memory\.md"),
)

MOUNTS = {place.kind: place.pattern.split("/")[0] for place in PLACES}
"""The file or folder that holds the components of a kind."""


class Problem(NamedTuple):
    """A rule that a change breaks, where it does, and how to fix it."""

    rule: str
    where: str
    text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.text} [{self.rule}]"


def ignored(path: str) -> bool:
    """Whether a path is a note for people: `.gitkeep`, and a `README.md` at the root or directly in a mount.

    A README inside a skill's own folder belongs to the skill: the model can read it.
    """
    parts = path.split("/")
    return parts[-1] == ".gitkeep" or (parts[-1] == "README.md" and len(parts) <= 2)


def counts(path: str) -> bool:
    """Whether a path (POSIX, relative to the harness) is part of what a trial measures."""
    return path.split("/", 1)[0] in NAMES and not ignored(path)


def classify(path: str) -> Kind | None:
    """Kind of the component that `path` (POSIX, relative to the harness) belongs to.

    None for `harness.toml`, `README.md` and `.gitkeep`. Raises `HarnessError` for any other name; it says which
    name would be right.
    """
    if path == MANIFEST or ignored(path):
        return None
    for place in PLACES:
        if place.match(path) or (place.inside and re.fullmatch(place.inside, path)):
            return place.kind
    folder = path.split("/", 1)[0]
    right = next(
        (p.pattern for p in PLACES if folder in FOLDERS and p.pattern.startswith(f"{folder}/")), None
    )
    if right:
        raise HarnessError(f"{path}: a file in {folder}/ is called {right}")
    raise HarnessError(f"{path}: unknown name; a harness has {', '.join(p.pattern for p in PLACES)} only")


def component_name(path: str) -> str:
    """`<tool>`, `<NN>_<name>` or `<name>` in a component's path; empty for the two single files."""
    for place in PLACES:
        if found := place.match(path):
            return found.groupdict().get("name") or ""
    return ""
