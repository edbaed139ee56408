"""A harness folder with one component of each kind, and what a folder holds."""

from __future__ import annotations

from pathlib import Path

from task_writer import write_files

FILES = {
    "harness.toml": "format = 1\n",
    "system_prompt.md": (
        "You work in a shell.\n{% if skills %}Skills: {% for s in skills %}{{ s.name }} {% endfor %}{% endif %}\n"
    ),
    "memory.md": "- Look before you act.\n",
    "tool_descriptions/run.yaml": (
        "name: run\ndescription: Run a command.\n"
        "parameters:\n  type: object\n  properties:\n    command: {type: string}\n  required: [command]\n"
    ),
    "tools/run.py": "async def run(env, command):\n    return (await env.exec(command)).output\n",
    "middleware/10_guard.py": "class Guard:\n    async def before_tool(self, ctx, call):\n        return None\n",
    "skills/csv-files/SKILL.md": "---\nname: csv-files\ndescription: How to read them.\n---\nUse csv.\n",
    "skills/csv-files/table.csv": "a,b\n",
    "sub_agents/critic.md": "---\ndescription: Finds faults.\ntools: [run]\nturns: 3\n---\nBe strict.\n",
}


def harness(folder: Path, **more: str | None) -> Path:
    """`more` names files by their paths, with `__` for a slash; None leaves one out."""
    files = {**FILES, **{path.replace("__", "/"): text for path, text in more.items()}}
    return write_files(folder, {path: text for path, text in files.items() if text is not None})


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
