"""Reads a harness from its folder, and the YAML in its files. Nothing is executed or rendered here."""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from ahe.errors import HarnessError
from ahe.records import Record, ToolSpec
from ahe.text import read_text, without_surrogates

T = TypeVar("T")
_FENCE = re.compile(r"\n---[ \t]*(?:\n|\Z)")


class Skill(Record):
    """A skill in the Agent Skills format."""

    name: str
    description: str
    body: str


class SubAgent(Record):
    """A sub-agent: its prompt, the tools it may call (None: all), and its turns."""

    name: str
    description: str
    prompt: str
    tools: tuple[str, ...] | None = None
    turns: int = 10


class Harness(Record):
    """Everything around the model, as data. `skills` are those that the model may read."""

    root: str
    system_prompt: str
    tools: tuple[ToolSpec, ...]
    middleware: tuple[str, ...]
    skills: tuple[Skill, ...]
    sub_agents: tuple[SubAgent, ...]
    memory: str


def load(root: Path) -> Harness:
    """Read the harness in folder `root`. Raises `HarnessError` that names the file."""
    prompt = root / "system_prompt.md"
    if not prompt.is_file():
        raise HarnessError(f"{root} holds no harness: system_prompt.md is missing")
    return Harness(
        root=str(root),
        system_prompt=_text(prompt),
        tools=_read(_tool, _files(root / "tool_descriptions", ".yaml")),
        middleware=tuple(path.name for path in _files(root / "middleware", ".py")),
        skills=tuple(filter(None, _read(_skill, sorted((root / "skills").glob("*/SKILL.md"))))),
        sub_agents=_read(_sub_agent, _files(root / "sub_agents", ".md")),
        memory=_text(root / "memory.md").strip(),
    )


class _PlainLoader(yaml.SafeLoader):
    """Refuses aliases: a few lines of them can expand to gigabytes."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.constructor.ConstructorError(problem="aliases (*name) are not allowed")
        return super().compose_node(parent, index)


def read_mapping(text: str) -> dict[str, Any]:
    """A YAML mapping with text as keys. Raises `ValueError` with a message of one line, and nothing else."""
    try:
        value = without_surrogates(yaml.load(text, _PlainLoader))
        repr(value)  # raises for an integer of over 4,300 digits, which no message could show either
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ValueError(f"not valid YAML: {line}{error.problem}") from None
    except Exception as error:  # PyYAML raises almost any: for `!!int ""` an IndexError, for example
        said = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise ValueError(f"not valid YAML: {said}") from None
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError("must be a mapping with names as keys")
    return value


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    """The YAML between the two lines `---` at the top, and the text below. Raises `ValueError`."""
    if not text.startswith("---\n"):
        raise ValueError("must begin with YAML front matter: a line ---, the fields, a line ---")
    parts = _FENCE.split(text[3:], maxsplit=1)
    if len(parts) == 1:
        raise ValueError("the front matter is never closed: a line --- is missing after the fields")
    return read_mapping(parts[0]), parts[1].strip()


def _files(folder: Path, suffix: str) -> list[Path]:
    return sorted(p for p in folder.glob(f"*{suffix}") if p.is_file() and p.name != "README.md")


def _text(path: Path) -> str:
    try:
        return read_text(path) if path.is_file() else ""
    except UnicodeError as error:
        raise HarnessError(f"{path}: {error}") from None


def _read(make: Callable[[Path], T], paths: Sequence[Path]) -> tuple[T, ...]:
    """What `make` reads in each file. An odd YAML value may make it raise anything: that is a `HarnessError`."""
    found = []
    for path in paths:
        try:
            found.append(make(path))
        except Exception as error:
            raise HarnessError(f"{path}: {error}") from None
    return tuple(found)


def _tool(path: Path) -> ToolSpec:
    try:
        tool = ToolSpec.model_validate(read_mapping(read_text(path)))
        json.dumps(tool.parameters, allow_nan=False)  # YAML has dates and .nan, a request has neither
        return tool
    except (ValueError, TypeError) as error:
        raise ValueError(f"not a tool description (name, description, parameters): {error}") from None


def _skill(path: Path) -> Skill | None:
    """The skill; None if it is only for code to read, as `disable-model-invocation: true` says."""
    meta, body = split_front_matter(read_text(path))
    if meta.get("disable-model-invocation") is True:
        return None
    name = str(meta.get("name", path.parent.name))
    return Skill(name=name, description=str(meta.get("description", "")), body=body)


def _sub_agent(path: Path) -> SubAgent:
    meta, body = split_front_matter(read_text(path))
    tools = meta.get("tools")
    return SubAgent(
        name=path.stem,
        description=str(meta.get("description", "")),
        prompt=body,
        tools=None if tools is None else tuple(str(name) for name in tools),
        turns=int(meta.get("turns", 10)),
    )
