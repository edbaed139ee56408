"""A small world for whole runs: a suite, and a scripted model whose harness really decides what passes.

The scripted coder only ever says `WRITE <word>` in prose. With the seed harness nothing happens, so every task
fails. The scripted evolver first commits middleware that turns such prose into a call (all but one task pass),
and then middleware that blocks every call (every task fails, so it must be reverted).
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from task_writer import write_files

ROOT = Path(__file__).resolve().parent.parent
TRAIN, HELDOUT = ("alpha-note", "beta-note", "gamma-note"), ("delta-note", "omega-note")

PERSON = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
}
"""The environment of a person who uses git."""

ACT = """\
class Act:
    async def after_model(self, ctx, reply):
        text = reply["content"]
        if text.startswith("WRITE ") and not reply["tool_calls"]:
            command = f"echo {text[6:]} > /app/out.txt"
            call = {"id": "act", "name": "run_shell_command", "arguments": {"command": command}}
            return {**reply, "tool_calls": [call]}
"""
BLOCK = """\
class Block:
    async def before_tool(self, ctx, call):
        return "blocked"
"""


def write_task(folder: Path, word: str) -> None:
    """A task that passes when /app/out.txt holds the word."""
    files = {
        "task.toml": (
            'schema_version = "1.4"\n[agent]\ntimeout_sec = 60\n[verifier]\ntimeout_sec = 60\n'
            '[environment]\nworkdir = "/app"\nnetwork_mode = "no-network"\n'
        ),
        "instruction.md": f"Write the word {word} into /app/out.txt.\n",
        "environment/Dockerfile": "FROM python:3.11-bookworm\nWORKDIR /app\nCOPY files/ /app/\n",
        "environment/files/start.txt": "start\n",
        "tests/test.sh": (
            "mkdir -p /logs/verifier\n"
            f"if grep -qx {word} /app/out.txt; then echo 1; else echo FAIL: /app/out.txt is missing; echo 0; fi"
            " | tee /tmp/said | tail -n 1 > /logs/verifier/reward.txt; head -n 1 /tmp/said\n"
        ),
        "solution/solve.sh": f"echo {word} > /app/out.txt\n",
    }
    write_files(folder, files)


def write_suite(folder: Path) -> Path:
    for name in (*TRAIN, *HELDOUT):
        write_task(folder / name, name.split("-")[0])
    splits = "\n".join(
        f"{split} = {list(names)}" for split, names in (("train", TRAIN), ("heldout", HELDOUT))
    )
    (folder / "suite.toml").write_text(f'name = "world"\n[splits]\n{splits}\ntest = []\n'.replace("'", '"'))
    return folder


def edit(path: str, text: str) -> dict[str, Any]:
    command = f"mkdir -p /harness/middleware && cat > /harness/{path} <<'EOF'\n{text}EOF"
    return {"tool_calls": [{"name": "run_shell_command", "arguments": {"command": command}}]}


def commit(subject: str, **more: Any) -> dict[str, Any]:
    """A commit_change call that cites a place that the report names."""
    manifest = {
        "subject": subject,
        "action": "add",
        "evidence": "The agent says what it would write and never acts.",
        "root_cause": "Nothing turns its words into a command.",
        "fix": "A hook does so before the reply is executed.",
        "predicts": [TRAIN[0]],
        "risks": [],
        "citations": [{"trial": "${trial}", "step": "${step}", "quote": "${quote}"}],
        **more,
    }
    return {
        "tool_calls": [{"name": "commit_change", "arguments": manifest}],
        "copy_from": {
            "trial": r"“[^”]+” \(([0-9a-f]{8})#\d+\)",
            "step": r"“[^”]+” \([0-9a-f]{8}#(\d+)\)",
            "quote": r"“([^”]+)” \([0-9a-f]{8}#\d+\)",
        },
    }


def script() -> dict[str, Any]:
    coder = {f"{name}/*/0": f"WRITE {name.split('-')[0]}" for name in (*TRAIN, *HELDOUT)}
    coder[f"{TRAIN[2]}/*/0"] = "WRITE nonsense"
    return {
        "log": "requests.jsonl",
        "coder": {**coder, "*": "Done."},
        "evolver": {
            "evolve/001/0": edit("middleware/10_act.py", ACT),
            "evolve/001/1": commit("Turn written words into a command"),
            "evolve/002/0": edit("middleware/20_block.py", BLOCK),
            "evolve/002/1": commit("Block every call to be safe"),
            "*": "Nothing more to do.",
        },
    }


def write_project(root: Path, answers: dict[str, Any] | None = None, **tables: dict[str, Any]) -> Path:
    """A project folder with suite, script and ahe.toml, not yet initialised."""
    root.mkdir(parents=True, exist_ok=True)
    write_suite(root / "suite")
    (root / "script.yaml").write_text(yaml.safe_dump(answers or script(), sort_keys=False))
    settings: dict[str, dict[str, Any]] = {
        "model": {"name": f"scripted:{root / 'script.yaml'}"},
        "suite": {"path": "suite"},
        # The default gate runs 48 held-out rollouts an arm: right for a suite, too long for three tasks.
        "evolve": {"iterations": 2, "rollouts": 2, "jobs": 4, "gate": "strict", "debugger": "none"},
        "environment": {"kind": "bwrap"},
    }
    for name, table in tables.items():
        settings.setdefault(name, {}).update(table)
    lines = []
    for name, table in settings.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {_toml(value)}" for key, value in table.items()]
    (root / "ahe.toml").write_text("\n".join(lines) + "\n")
    return root


def _toml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value).replace("'", '"')


def environment() -> dict[str, str]:
    """The environment of a person who has `ahe` installed and no keys."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT)}


def ahe(
    root: Path, *arguments: str, check: int | None = 0, timeout: float = 300
) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does."""
    done = subprocess.run(
        [sys.executable, "-m", "ahe", *arguments],
        cwd=root,
        env=environment(),
        text=True,
        capture_output=True,
        timeout=timeout,
    )
    if check is not None:
        assert done.returncode == check, f"ahe {arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def git(root: Path, *arguments: str, **environment: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(root / "workspace"), *arguments],
        text=True,
        capture_output=True,
        check=True,
        env={**os.environ, **environment},
    )
    return done.stdout


def by_hand(root: Path, *arguments: str) -> str:
    """A person's git: `commit`, `revert` and what else needs a name."""
    return git(root, *arguments, **PERSON)


def stored(root: Path) -> dict[str, dict[str, Any]]:
    """The records of the trials that are finished, by id; none before there is a store."""
    return {id: json.loads(record) for id, record in rows(root, "SELECT id, record FROM trial")}


def rows(root: Path, query: str) -> list[tuple[Any, ...]]:
    """What the project's store answers; nothing before it has its tables."""
    store = root / "runs" / "ahe.sqlite"
    if not store.exists():
        return []
    with sqlite3.connect(store) as db:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'trial'").fetchone():
            return []
        return db.execute(query).fetchall()
