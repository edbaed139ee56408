"""The tutorial: every command of the page runs, in its order and in an empty folder, and ends with a kept change."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import world
import yaml

BLOCK = re.compile(r"^```(sh|toml)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SAYS = {
    "sort": "sort -o fruits.txt fruits.txt",
    "write-the-number": "wc -l < fruits.txt > count.txt",
    "write-the-first": "head -n 1 fruits.txt > first.txt",
    "write-the-longest": "awk 'length > n {n = length; s = $0} END {print s}' fruits.txt > longest.txt",
    "change": "sed -i s/3/5/ shop.conf",
    "rename": "mv shop.conf store.conf",
    "make": "mkdir backup",
    "copy": "cp fruits.txt backup.txt",
    "write-hello": "echo hello > hello.txt",
}
ACT = """\
class Act:
    async def after_model(self, ctx, reply):
        text = reply["content"]
        if text.startswith("I would run: ") and not reply["tool_calls"]:
            call = {"id": "act", "name": "run_shell_command", "arguments": {"command": text[13:]}}
            return {**reply, "tool_calls": [call]}
"""


def script(tasks: list[str]) -> dict[str, object]:
    """A coder that only says what it would run, and an evolver that turns such words into a call."""
    said = {
        f"{name}/*/0": f"I would run: {command}"
        for name in tasks
        for start, command in SAYS.items()
        if name.startswith(start)
    }
    evolver = {
        "evolve/001/0": world.edit("middleware/10_act.py", ACT),
        "evolve/001/1": world.commit("Turn written words into a command", predicts=[]),
        "*": "Nothing more to do.",
    }
    work = {"*/0": f"I would run: {SAYS['write-the-number']}"}  # what `ahe run` asks
    return {"coder": {**said, **work, "*": "Done."}, "evolver": evolver}


def put(file: Path, block: str, tmp_path: Path) -> None:
    """Put what the page says into ahe.toml: a path of ours, and everywhere the scripted model."""
    settings = file.read_text().replace('name = "local"', f'name = "scripted:{tmp_path}/script.yaml"', 1)
    for line in block.replace("/home/ada", str(tmp_path / "empty")).splitlines():
        key = line.partition(" = ")[0]
        if key in ("command", "mounts"):
            settings, changed = re.subn(rf"^{key} = .*$", line, settings, count=1, flags=re.MULTILINE)
            assert changed
    file.write_text(settings)


def test_every_command_of_the_tutorial_runs_and_a_change_is_kept(tmp_path: Path) -> None:
    page = (world.ROOT / "docs" / "tutorial.md").read_text("utf-8")
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "ahe"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m ahe "$@"\n')
    program.chmod(0o755)
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = world.environment()
    environment |= world.PERSON
    environment["PATH"] = f"{program.parent}:{environment['PATH']}"
    blocks = BLOCK.findall(page)
    assert [kind for kind, _ in blocks].count("toml") == 2 and len(blocks) > 8
    output = ""
    for kind, text in blocks:
        if kind == "toml":
            tasks = sorted(path.name for path in (empty / "checks-tasks").iterdir())
            assert len(tasks) == len(SAYS)
            (tmp_path / "script.yaml").write_text(yaml.safe_dump(script(tasks)))
            put(empty / ("yours" if (empty / "yours").exists() else "mine") / "ahe.toml", text, tmp_path)
            continue
        done = subprocess.run(
            ["bash", "-e", "-c", text],
            cwd=empty,
            env=environment,
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
        output += done.stdout
    assert "made 8 tasks" in output and "left out" not in output
    assert re.search(r"1 kept", output)
    assert (empty / "harness" / "middleware" / "10_act.py").read_text() == ACT
    assert "count.txt" in output.partition("diff --git")[2]
    assert (empty / "mine" / "workspace" / "memory.md").read_text() == "Use two spaces in tables.\n"
    assert re.search(r"sort-the-lines\S*  2 of 2", output), "the program in shell did what it can"
