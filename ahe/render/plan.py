"""What a harness is as an agent's files: whole files, blocks of text, entries of JSON, and what is lost."""

import ast
import functools
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ahe.errors import HarnessError
from ahe.harness.layout import MOUNTS, classify, counts
from ahe.harness.load import Harness, SubAgent, load
from ahe.records import Kind, Record
from ahe.render.static import NotStatic, Static
from ahe.render.table import Entry, Table, only, table
from ahe.text import read_text

ALL = tuple(Kind)
NO_CODE = "it is only for code to read, and this agent runs none of it"


class Lost(Record):
    """A component that an agent does not take, or not all of, and why."""

    path: str
    why: str


@dataclass
class Plan:
    """`files` are ours alone; of `blocks` and `entries` only that part of a file is."""

    files: dict[str, bytes] = field(default_factory=dict)
    blocks: dict[str, str] = field(default_factory=dict)
    entries: dict[str, list[Entry]] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)


def lost(root: Path, agent: str, kinds: Collection[Kind] = ALL) -> tuple[Lost, ...]:
    """The components of the harness in `root` that an agent does not take. Raises `HarnessError` and `UsageError`."""
    return tuple(plan(root, agent, kinds).lost)


def plan(root: Path, agent: str, kinds: Collection[Kind] = ALL) -> Plan:
    """Only these kinds are rendered. Raises `HarnessError` for what is not a harness, else `UsageError`."""
    made, to, harness = Plan(), only(table(agent), kinds), load(root)
    paths = list(_paths(root))
    for path, kind in paths:
        if kind and (why := to.places[kind].lost):
            made.lost.append(Lost(path=path, why=why))
    if to.places[Kind.SYSTEM_PROMPT].whole:
        made.files = {path: (root / path).read_bytes() for path, _ in paths}
        return made
    values = _values(harness, to)
    _prompt(made, harness, to, values)
    _skills(made, root, paths, harness, to)
    _sub_agents(made, harness, to, values)
    place = to.places[Kind.TOOL_DESCRIPTION]
    serves = False
    if harness.tools and not place.lost:
        serves = True
        if place.block:
            made.blocks[place.block] = place.text.strip()
        else:
            made.entries[place.config] = list(place.entries)
    serves |= _middleware(made, root, harness, to)
    if serves:
        made.files |= {f"{to.harness}/{path}": (root / path).read_bytes() for path, _ in paths}
    return made


def makes(agent: str, path: str) -> bool:
    """Whether rendering some harness for this agent writes to this path. Raises `UsageError` for an unknown agent."""
    to = table(agent)
    named: list[tuple[str, str, Kind | None]] = (
        [(f"{to.harness}/".removeprefix("./"), "", None)] if to.harness else []
    )
    for kind, place in to.places.items():
        if path and path in (place.block, place.config, place.yaml):
            return True
        if place.files:
            named.append((place.files.partition("{name}")[0], f"{MOUNTS[kind]}/", kind))
    for prefix, mount, wanted in named:
        inside = mount + path.removeprefix(prefix)
        try:
            if path.startswith(prefix) and counts(inside) and (classify(inside) is wanted or wanted is None):
                return True
        except HarnessError:
            continue
    return False


def _paths(root: Path) -> Iterator[tuple[str, Kind | None]]:
    """Each file of the harness with its kind. Raises `HarnessError` for a name that no kind has."""
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and not path.is_symlink() and counts(name) and path.suffix != ".pyc":
            yield name, classify(name)


def _values(harness: Harness, to: Table) -> dict[str, Any]:
    """The variables of a template as far as they are known: what the agent does not take is empty."""
    parts: dict[Kind, Any] = {
        Kind.SKILL: harness.skills,
        Kind.SUB_AGENT: harness.sub_agents,
        Kind.TOOL_DESCRIPTION: harness.tools,
    }
    values: dict[str, Any] = {"memory": "" if to.places[Kind.MEMORY].lost else harness.memory}
    for (kind, found), name in zip(parts.items(), ("skills", "sub_agents", "tools"), strict=True):
        given = () if to.places[kind].lost else found
        values[name] = [{"name": each.name, "description": each.description} for each in given]
    return values


def _prompt(made: Plan, harness: Harness, to: Table, values: Mapping[str, Any]) -> None:
    """System prompt and memory, which stand together."""
    place, template, parts = to.places[Kind.SYSTEM_PROMPT], Static(values), []
    if not place.lost:
        try:
            parts.append(template.render(harness.system_prompt))
        except NotStatic as error:
            made.lost.append(Lost(path="system_prompt.md", why=str(error)))
            template.named.clear()
    if values["memory"] and "memory" not in template.named:
        parts.append(f"# Memory\n\n{values['memory']}")
    text = "\n\n".join(part for part in parts if part)
    if text and place.block:
        made.blocks[place.block] = text
    elif text and place.yaml:
        shown = yaml.dump(
            {"agent": {"system_template": _Text(_escaped(text))}}, Dumper=_Dumper, allow_unicode=True
        )
        made.files[place.yaml] = shown.encode()


class _Text(str):
    """A text that YAML shows as lines."""


class _Dumper(yaml.SafeDumper):
    pass


_Dumper.add_representer(
    _Text, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")
)


def _escaped(text: str) -> str:
    """The text as a Jinja template that gives this text."""
    for mark in ("{{", "{%", "{#"):
        text = text.replace(mark, f"\0{mark[1]}")
    return text.replace("\0", "{{ '{' }}")


def _skills(
    made: Plan, root: Path, paths: list[tuple[str, Kind | None]], harness: Harness, to: Table
) -> None:
    place, read = to.places[Kind.SKILL], {skill.name for skill in harness.skills}
    for path, kind in paths:
        if kind is not Kind.SKILL or place.lost:
            continue
        _, name, inside = path.split("/", 2)
        if name in read:
            made.files[f"{place.files.format(name=name)}/{inside}"] = (root / path).read_bytes()
        elif not to.harness:
            made.lost.append(Lost(path=path, why=NO_CODE))


def _sub_agents(made: Plan, harness: Harness, to: Table, values: Mapping[str, Any]) -> None:
    place = to.places[Kind.SUB_AGENT]
    if place.lost:
        return
    for agent in harness.sub_agents:
        try:
            body = Static(values).render(agent.prompt)
        except NotStatic as error:
            made.lost.append(Lost(path=f"sub_agents/{agent.name}.md", why=str(error)))
            continue
        fields = {key: _field(agent, form, place.tool) for key, form in place.fields.items()}
        given = {key: value for key, value in fields.items() if value is not None}
        head = yaml.safe_dump(given, sort_keys=False, allow_unicode=True)
        made.files[place.files.format(name=agent.name)] = f"---\n{head}---\n{body}\n".encode()


def _field(agent: SubAgent, form: str, tool: str) -> Any:
    """A field of a sub-agent's front matter; None where the sub-agent does not say."""
    known = {"{turns}": agent.turns, "{name}": agent.name, "{description}": agent.description}
    if form == "{tools}":
        return None if agent.tools is None else [tool.format(name=name) for name in agent.tools]
    return known.get(form, form)


def _middleware(made: Plan, root: Path, harness: Harness, to: Table) -> bool:
    """Whether some middleware has a hook that the agent calls."""
    place = to.places[Kind.MIDDLEWARE]
    if place.lost:
        return False
    wanted: set[str] = set()
    for name in harness.middleware:
        path = f"middleware/{name}"
        hooks = _hooks(read_text(root / path))
        wanted |= hooks
        if deaf := sorted(hooks - {entry.hook for entry in place.entries}):
            made.lost.append(Lost(path=path, why=f"{', '.join(deaf)}: the agent has no hook like it"))
    entries = [entry for entry in place.entries if entry.hook in wanted]
    if entries:
        made.entries[place.config] = entries
    return bool(entries)


@functools.cache
def _hooks(source: str) -> frozenset[str]:
    """The public methods of the classes in a file; none where it does not compile."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return frozenset()
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    methods = (each for node in classes for each in node.body if isinstance(each, ast.AsyncFunctionDef))
    return frozenset(method.name for method in methods if not method.name.startswith("_"))
