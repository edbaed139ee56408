"""Brings a harness that people have into the workspace: AGENTS.md, folders of Claude Code, workspaces of NexAU.

What the seven kinds hold is written in their form, the rest is named with the reason. Its code is not carried over.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ahe.environments.choose import make
from ahe.errors import HarnessError, UsageError
from ahe.evolve.smoke import SmokeTrial
from ahe.harness.components import LONGEST
from ahe.harness.layout import TOOL_NAME, classify
from ahe.harness.load import read_mapping, split_front_matter
from ahe.harness.preflight import PROMPT, Preflight
from ahe.history.git import Git
from ahe.jobs.gate_change import check
from ahe.project.project import Project
from ahe.project.sandboxes import make_executor
from ahe.records import Record
from ahe.text import read_text

TEXTS = ("AGENTS.md", "CLAUDE.md", ".claude/CLAUDE.md")
SKILLS = (".agents/skills", ".claude/skills", ".opencode/skills", ".pi/skills", "skills")
AGENTS = (".claude/agents", ".opencode/agent", ".opencode/agents")
MEMORY = "memory.md"
OTHERS = {
    ".claude/commands": "commands that a person types have no counterpart",
    ".claude/rules": "rules by path have no counterpart: put what matters into memory.md",
    ".mcp.json": "servers of tools have no counterpart: write a tool in tools/",
    "CLAUDE.local.md": "a person's own notes are left out",
}
SHELL = """\
import shlex


async def run_shell_command(env, command: str, dir_path=None, timeout_ms=None, is_background=False, **_) -> str:
    if dir_path:
        command = f"cd {shlex.quote(dir_path)} && {command}"
    if is_background:
        command = f"nohup bash -c {shlex.quote(command)} > /tmp/background-$$.log 2>&1 & echo started $!"
    result = await env.exec(command, timeout=(timeout_ms or 300_000) / 1000)
    return f"{result.output}\\n[exit code {result.exit_code}]"
"""
_BLOCK = re.compile(r"^.*\bahe: (?:begin \(|end\b).*\n?", re.MULTILINE)
_VARIABLE = re.compile(r"\{\{\s*+(\w++)[^{}]*+\}\}")
_KNOWN = {"memory", "skills", "sub_agents", "tools", "workdir"}
_RENAMED = {"working_directory": "{{ workdir }}", "username": "root"}
_OUTSIDE = "it leads out of the folder, and such files are not read"


class NoCounterpart(Record):
    """What the harness cannot hold, and why."""

    path: str
    why: str


class Imported(Record):
    """A harness that was brought in: its commit, its files, and what had no counterpart."""

    source: str
    commit: str
    files: tuple[str, ...]
    left_out: tuple[NoCounterpart, ...]


@dataclass
class Found:
    """Files of the harness by path, and what has no counterpart. With `tools`, those that are there are replaced."""

    files: dict[str, bytes] = field(default_factory=dict)
    left_out: list[NoCounterpart] = field(default_factory=list)
    tools: bool = False

    def leave(self, path: str, why: str) -> None:
        self.left_out.append(NoCounterpart(path=path, why=why))

    def document(self, path: str, fields: Mapping[str, Any], body: str) -> None:
        """A file with front matter."""
        head = yaml.safe_dump(dict(fields), sort_keys=False, allow_unicode=True)
        self.files[path] = f"---\n{head}---\n{body.strip()}\n".encode()


async def bring_in(project: Project, source: Path) -> Imported:
    """Commit the harness in folder `source` to the workspace, in the person's name, after a turn of it ran in the box.

    Raises `UsageError` where nothing is found, `HarnessError` where the result does not work, `WorkspaceError`.
    """
    found = read(source)
    if not found.files:
        said = "".join(f"; {each.path}: {each.why}" for each in found.left_out)
        raise UsageError(
            f"{source} holds nothing to import: no AGENTS.md, CLAUDE.md, skills, agents or code_agent.yaml{said}"
        )
    history = project.history()
    history.require_clean()
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch) / "harness"
        shutil.copytree(history.export(history.head(), project.config.runs / "harnesses"), whole)
        _keep(found, whole)
        _put(found, whole)
        for problem in check(whole, Preflight()):
            if problem.where not in found.files:
                raise HarnessError(f"what was made of {source} breaks a rule: {problem}")
            found.leave(problem.where, problem.text)
            del found.files[problem.where]
            (whole / problem.where).unlink()
        kind = "unsafe" if project.config.environment.kind == "unsafe" else "bwrap"
        smoke = SmokeTrial(
            lambda spec, place: make(kind, spec, place),
            lambda: make_executor(kind == "unsafe"),
            Path(scratch),
        )
        if failed := await smoke(whole):
            raise HarnessError(f"what was made of {source} does not run: " + "; ".join(map(str, failed)))
    said = "\n".join(f"- {each.path}: {each.why}" for each in found.left_out)
    message = f"Import {source.name}\n\n" + (f"Without counterpart:\n{said}\n\n" if said else "")
    commit = history.commit_by_person(
        lambda tree: _put(found, tree), f"{message}Ahe-Source: {_source(source)}\n"
    )
    return Imported(
        source=str(source), commit=commit, files=tuple(sorted(found.files)), left_out=tuple(found.left_out)
    )


def _source(source: Path) -> str:
    """The folder, and its commit where it is in a repository."""
    known = Git(source).probe("rev-parse", "HEAD")
    return f"{source}@{known.text.strip()[:12]}" if known.code == 0 else str(source)


def _keep(found: Found, tree: Path) -> None:
    """Put imported memory after the memory that the workspace has, and name what is replaced."""
    memory = tree / MEMORY
    if MEMORY in found.files and memory.is_file() and (there := memory.read_bytes().strip()):
        added = found.files[MEMORY].strip()
        found.files[MEMORY] = (there if added in there else there + b"\n\n" + added) + b"\n"
    gone = {path.relative_to(tree).as_posix() for path in _tools(found, tree)} - set(found.files)
    changed = (
        name
        for name, data in found.files.items()
        if name != MEMORY and (tree / name).is_file() and (tree / name).read_bytes() != data
    )
    for name in sorted({*gone, *changed}):
        found.leave(
            name, "what the workspace had there was replaced: `ahe revert` of this commit brings it back"
        )


def _tools(found: Found, tree: Path) -> list[Path]:
    """The files of tools that have to go."""
    folders = ("tools", "tool_descriptions") if found.tools else ()
    return [path for name in folders for path in sorted((tree / name).glob("*.*"))]


def _put(found: Found, tree: Path) -> None:
    for path in _tools(found, tree):
        path.unlink()
    for name, data in found.files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def read(source: Path) -> Found:
    """What a folder holds of a harness. Nothing in it is executed, and no file outside of it is read."""
    found = Found()
    configs = (path for path in sorted(source.glob("*agent*.yaml")) if _inside(found, source, path))
    config = next(configs, None) if (source / "tool_descriptions").is_dir() else None
    if config is not None:
        _workspace(found, source, config)
    else:
        _agents_files(found, source)
    for place in SKILLS:
        for folder in sorted((source / place).glob("*/")):
            _skill(found, source, folder)
    return found


def _inside(found: Found, source: Path, path: Path) -> bool:
    """Whether this is something in `source`; where a link or `..` leads out of it, that is named as left out."""
    if not path.exists():
        return False
    if path.resolve().is_relative_to(source.resolve()):
        return True
    found.leave(path.relative_to(source).as_posix() if path.is_relative_to(source) else str(path), _OUTSIDE)
    return False


def _text(found: Found, source: Path, path: str) -> str:
    place = source / path
    try:
        return read_text(place) if _inside(found, source, place) and place.is_file() else ""
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{source / path} cannot be read: {error}") from None


def _skill(found: Found, source: Path, folder: Path) -> None:
    name = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-")
    if not _inside(found, source, folder):
        return
    if not (folder / "SKILL.md").is_file():
        found.leave(folder.relative_to(source).as_posix(), "it has no SKILL.md")
        return
    for path in sorted(folder.rglob("*")):
        target = f"skills/{name}/{path.relative_to(folder).as_posix()}"
        if not _inside(found, source, path) or not path.is_file() or path.suffix == ".pyc":
            continue
        try:
            classify(target)
        except HarnessError as error:
            found.leave(path.relative_to(source).as_posix(), str(error))
            continue
        found.files[target] = path.read_bytes()
    if f"skills/{name}/SKILL.md" not in found.files:
        return
    try:
        meta, body = split_front_matter(found.files[f"skills/{name}/SKILL.md"].decode("utf-8", "replace"))
    except ValueError:
        meta, body = {}, found.files[f"skills/{name}/SKILL.md"].decode("utf-8", "replace")
    first = next((line.strip("# ") for line in body.splitlines() if line.strip("# ")), name)
    fields = {**meta, "name": name, "description": str(meta.get("description") or first)[:LONGEST]}
    found.document(f"skills/{name}/SKILL.md", fields, body)


# ------------------------------------------------------------------------------------- AGENTS.md, Claude Code, opencode


def _agents_files(found: Found, source: Path) -> None:
    texts: dict[str, str] = {}
    for name in TEXTS:
        text = _BLOCK.sub("", _text(found, source, name)).strip()
        for line in [line for line in text.splitlines() if re.fullmatch(r"@\S+", line.strip())]:
            if line.strip()[1:] not in TEXTS:
                found.leave(f"{name}: {line.strip()}", "files that a text includes are not followed")
            text = text.replace(line, "").strip()
        if text and text not in texts.values():
            texts[name] = text
    if texts:
        found.files[MEMORY] = ("\n\n".join(texts.values()) + "\n").encode()
    for place in AGENTS:
        for path in sorted((source / place).glob("*.md")):
            _sub_agent(found, source, path)
    for name in ("settings.json", "settings.local.json"):
        _settings(found, source, f".claude/{name}")
    for name, why in OTHERS.items():
        if (source / name).exists():
            found.leave(name, why)


def _sub_agent(found: Found, source: Path, path: Path) -> None:
    name = path.relative_to(source).as_posix()
    try:
        if not _inside(found, source, path):
            return
        meta, body = split_front_matter(read_text(path))
    except (ValueError, OSError) as error:
        found.leave(name, str(error))
        return
    fields = {"description": str(meta.get("description") or path.stem)[:LONGEST], "turns": 10}
    if dropped := sorted(set(meta) - {"name", "description"}):
        found.leave(
            f"{name}: {', '.join(dropped)}", "model, tools and permissions of an agent are not carried over"
        )
    # Its prompt was no template.
    found.document(
        f"sub_agents/{path.stem}.md", fields, f"{{% raw %}}{body}{{% endraw %}}" if "{" in body else body
    )


def _settings(found: Found, source: Path, name: str) -> None:
    try:
        settings = json.loads(_text(found, source, name) or "{}")
    except ValueError as error:
        found.leave(name, f"it is not JSON: {error}")
        return
    for key, value in settings.items() if isinstance(settings, dict) else ():
        if key != "hooks" or not isinstance(value, dict):
            found.leave(f"{name}: {key}", "settings of the agent have no counterpart")
            continue
        for event, groups in value.items():
            commands = re.findall(r'"command": ("(?:[^"\\]|\\.)*")', json.dumps(groups))
            for command in commands or [""]:
                shown = json.loads(command) if command else ""
                found.leave(
                    f"{name}: {event} {shown}"[:200].strip(),
                    "a hook is a command here: write it as middleware",
                )


# ------------------------------------------------------------------------------------------------ workspaces of NexAU


def _workspace(found: Found, source: Path, config: Path) -> None:
    try:
        about = read_mapping(read_text(config))
    except (ValueError, OSError) as error:
        raise UsageError(f"{config}: {error}") from None
    prompt = str(about.get("system_prompt") or "systemprompt.md").removeprefix("./")
    found.files[PROMPT] = (_template(found, prompt, _text(found, source, prompt)).strip() + "\n").encode()
    memory = [_text(found, source, name).strip() for name in ("LongTermMEMORY.md",)]
    found.files[MEMORY] = ("\n\n".join(filter(None, memory)) + "\n").encode()
    if (source / "ShortTermMEMORY.md").is_file():
        found.leave("ShortTermMEMORY.md", "there is no memory of a session: a harness starts each task anew")
    for tool in _list(about, "tools"):
        _tool(found, source, tool)
    for each in _list(about, "middlewares"):
        where = str(each.get("import") or each.get("name")).partition(":")[0].replace(".", "/") + ".py"
        found.leave(where, "it is written for the hooks of NexAU: write it as middleware/<NN>_<name>.py")
    for each in _list(about, "sub_agents"):
        found.leave(
            str(each.get("name", each)),
            "sub-agents of NexAU have a configuration of their own: write one by hand",
        )
    for key in ("llm_config", "tracers", "max_iterations", "max_context_tokens"):
        if key in about:
            found.leave(f"{config.name}: {key}", "model and limits stand in ahe.toml")


def _list(about: Mapping[str, Any], key: str) -> Iterator[dict[str, Any]]:
    values = about.get(key)
    for each in values if isinstance(values, list) else ():
        yield each if isinstance(each, dict) else {"name": each}


def _template(found: Found, path: str, text: str) -> str:
    """The template with the variables that there are here; a line that names another one is left out."""
    lines = []
    for line in text.splitlines():
        line = _VARIABLE.sub(lambda named: _RENAMED.get(named[1], named[0]), line)
        if unknown := set(_VARIABLE.findall(line)) - _KNOWN:
            found.leave(f"{path}: {line.strip()[:80]}", f"the prompt has no variable {min(unknown)}")
        else:
            lines.append(line)
    return "\n".join(lines)


def _tool(found: Found, source: Path, tool: Mapping[str, Any]) -> None:
    path = str(tool.get("yaml_path", "")).removeprefix("./")
    try:
        about = read_mapping(_text(found, source, path))
    except (ValueError, UsageError) as error:
        found.leave(path or str(tool.get("name")), str(error))
        return
    name = str(about.get("name") or tool.get("name"))
    if name != "run_shell_command" or not re.fullmatch(TOOL_NAME, name):
        found.leave(path, f"its implementation {tool.get('binding')} needs NexAU: write tools/{name}.py")
        return
    found.tools = True
    parameters = {
        key: value for key, value in dict(about.get("input_schema") or {}).items() if key != "$schema"
    }
    text = " ".join(str(about.get("description", "")).split(" "))
    if len(text) > LONGEST:
        found.leave(f"{path}: description", f"it was cut to {LONGEST:,} characters")
    shown = {"name": name, "description": text[:LONGEST], "parameters": parameters}
    made = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True)
    found.files[f"tool_descriptions/{name}.yaml"] = made.encode()
    found.files[f"tools/{name}.py"] = SHELL.encode()
    found.leave(
        str(tool.get("binding")),
        f"it needs NexAU: tools/{name}.py does what the description says, and no more",
    )
