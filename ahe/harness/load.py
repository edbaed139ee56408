"""Reads a harness from its folder. Nothing of it is executed or rendered here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from ahe.errors import HarnessError
from ahe.records import Record, ToolSpec
from ahe.text import without_surrogates


class Skill(Record):
    """A skill in the Agent Skills format. `files` are the other files of its folder."""

    name: str
    description: str
    body: str
    files: tuple[str, ...] = ()


class SubAgent(Record):
    """A sub-agent: its prompt, the tools it may call (None: all), and its turns."""

    name: str
    description: str
    prompt: str
    tools: tuple[str, ...] | None = None
    turns: int = 10


class Harness(Record):
    """Everything around the model, as data."""

    root: str
    system_prompt: str
    tools: tuple[ToolSpec, ...]
    implementations: tuple[str, ...]
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
        system_prompt=prompt.read_text("utf-8"),
        tools=tuple(_tool(path) for path in _files(root / "tool_descriptions", ".yaml")),
        implementations=tuple(path.stem for path in _files(root / "tools", ".py")),
        middleware=tuple(path.name for path in _files(root / "middleware", ".py")),
        skills=tuple(_skill(path) for path in sorted((root / "skills").glob("*/SKILL.md"))),
        sub_agents=tuple(_sub_agent(path) for path in _files(root / "sub_agents", ".md")),
        memory=_text(root / "memory.md").strip(),
    )


def front_matter(path: Path) -> tuple[dict[str, Any], str]:
    """Split a Markdown file into its YAML front matter and its body. Raises `HarnessError`."""
    text = path.read_text("utf-8")
    if not text.startswith("---\n"):
        raise HarnessError(f"{path}: begins without YAML front matter (---)")
    head, found, body = text[4:].partition("\n---")
    if not found:
        raise HarnessError(f"{path}: the front matter is never closed (---)")
    meta = _yaml(path, head)
    if not isinstance(meta, dict):
        raise HarnessError(f"{path}: the front matter is not a mapping")
    return meta, body.partition("\n")[2].strip()


def _files(folder: Path, suffix: str) -> list[Path]:
    return sorted(p for p in folder.glob(f"*{suffix}") if p.is_file() and p.name != "README.md")


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _yaml(path: Path, text: str) -> Any:
    try:
        return without_surrogates(yaml.safe_load(text))
    except (yaml.YAMLError, RecursionError) as error:
        raise HarnessError(f"{path}: not valid YAML: {error}") from None


def _tool(path: Path) -> ToolSpec:
    try:
        tool = ToolSpec.model_validate(_yaml(path, path.read_text("utf-8")))
        json.dumps(tool.parameters, allow_nan=False)  # YAML has dates and .nan, a request has neither
        return tool
    except (ValueError, TypeError) as error:
        raise HarnessError(
            f"{path}: not a tool description (name, description, parameters): {error}"
        ) from None


def _skill(path: Path) -> Skill:
    meta, body = front_matter(path)
    folder = path.parent
    others = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p != path)
    return Skill(
        name=str(meta.get("name", folder.name)),
        description=str(meta.get("description", "")),
        body=body,
        files=tuple(others),
    )


def _sub_agent(path: Path) -> SubAgent:
    meta, body = front_matter(path)
    tools = meta.get("tools")
    return SubAgent(
        name=path.stem,
        description=str(meta.get("description", "")),
        prompt=body,
        tools=None if tools is None else tuple(str(name) for name in tools),
        turns=int(meta.get("turns", 10)),
    )
