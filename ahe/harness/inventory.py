"""The components of a harness: their tokens, how often trials used them, and when each changed last."""

from collections.abc import Mapping
from pathlib import Path

from ahe.harness.layout import PLACES, Place, component_name
from ahe.records import Kind, Record
from ahe.text import estimate_tokens

ALWAYS_SENT = ("system_prompt.md", "memory.md", "tool_descriptions/")
"""Paths of the files that are sent with every request."""


class Stored(Record):
    """A file or folder of a harness: its git object id, and its text (empty for a folder)."""

    git_id: str
    text: str


class Touched(Record):
    """The commit that touched a path."""

    sha: str
    subject: str


class Component(Record):
    """One component, or (with an empty `path`) a kind without a component.

    `pattern` is the path of components of this kind. `tokens` is an estimate over all its files, `git_id` the object
    id of its file, or of a skill's folder, and `last_change` the commit that touched it last.
    """

    kind: Kind
    pattern: str
    path: str = ""
    tokens: int = 0
    git_id: str = ""
    last_change: str = ""
    last_subject: str = ""
    uses: int = 0


def inventory(
    contents: Mapping[str, Stored], last_changes: Mapping[str, Touched], uses: Mapping[str, int]
) -> list[Component]:
    """Every component, by kind and path; a kind without a component has one entry.

    All arguments map paths: to the content, to the commit that touched it last (most recent first), and to how often
    trials used it.
    """
    found = []
    for place in PLACES:
        paths = sorted(path for path in contents if place.match(path))
        found += [_component(place, path, contents, last_changes, uses) for path in paths]
        if not paths:
            found.append(Component(kind=place.kind, pattern=place.pattern))
    return found


def _component(
    place: Place,
    path: str,
    contents: Mapping[str, Stored],
    last_changes: Mapping[str, Touched],
    uses: Mapping[str, int],
) -> Component:
    home = path.rsplit("/", 1)[0] if place.kind is Kind.SKILL else path
    touched = next((t for name, t in last_changes.items() if _within(name, home)), None)
    # A description counts as used when its tool is called, even if only the tool's file was counted.
    tool = f"tools/{component_name(path)}.py" if place.kind is Kind.TOOL_DESCRIPTION else path
    return Component(
        kind=place.kind,
        pattern=place.pattern,
        path=path,
        tokens=sum(estimate_tokens(c.text) for name, c in contents.items() if _within(name, home)),
        git_id=contents[home if home in contents else path].git_id,
        last_change=touched.sha if touched else "",
        last_subject=touched.subject if touched else "",
        uses=uses.get(path, uses.get(tool, 0)),
    )


def _within(path: str, home: str) -> bool:
    return path == home or path.startswith(f"{home}/")


def always_sent(texts: Mapping[str, str]) -> int:
    """Estimated tokens of prompt, memory and tool descriptions. `texts` maps paths in the harness to contents."""
    return sum(estimate_tokens(text) for path, text in texts.items() if path.startswith(ALWAYS_SENT))


def prompt_tokens(root: Path) -> int:
    """`always_sent` of the harness in folder `root`; missing files count as empty."""
    files = [root / "system_prompt.md", root / "memory.md", *(root / "tool_descriptions").glob("*.yaml")]
    return always_sent(
        {str(p.relative_to(root)): p.read_text("utf-8", "replace") for p in files if p.is_file()}
    )
