"""A harness with one component of every kind, in a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from task_writer import write_files

FILES = {
    "harness.toml": "format = 1\n",
    "system_prompt.md": "You work in a shell.\nCheck the result.\n{{ memory }}\n",
    "memory.md": "- Look before you act.\n",
    "tool_descriptions/run.yaml": (
        "name: run\ndescription: Run a command.\n"
        "parameters:\n  type: object\n  properties:\n    command: {type: string}\n  required: [command]\n"
    ),
    "tools/run.py": "async def run(env, command, timeout=10):\n    return (await env.exec(command)).output\n",
    "middleware/10_guard.py": (
        "import re\n\n\nclass Guard:\n    def __init__(self):\n        self.seen = 0\n\n"
        "    async def before_tool(self, ctx, call):\n        return self._same(call)\n\n"
        "    def _same(self, call):\n        return None\n"
    ),
    "skills/csv-files/SKILL.md": "---\nname: csv-files\ndescription: How to read them.\n---\nUse csv.\n",
    "skills/csv-files/table.md": "More.\n",
    "sub_agents/critic.md": "---\ndescription: Finds faults.\ntools: [run]\nturns: 3\n---\nBe strict.\n",
}


def pair(folder: Path) -> tuple[Path, Path]:
    """The folder to change, and what it is a change of."""
    base = write_files(folder / "base", FILES)
    root = folder / "root"
    shutil.copytree(base, root)
    return root, base
