"""A small harness, a change, a verdict, and a person who uses plain git."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from task_writer import write_files
from world import PERSON

from ahe.history import History
from ahe.records import Change, Citation, Interval, Kind, Usage, Verdict


def make_seed(folder: Path) -> Path:
    files = {
        "harness.toml": "format = 1\n",
        "system_prompt.md": "Work step by step.\nReply in one sentence.\n",
        "memory.md": "",
        "README.md": "The seed.\n",
        "tool_descriptions/run.yaml": "name: run\ndescription: Run.\nparameters: {type: object}\n",
        "tools/run.py": "async def run(env):\n    return 'done'\n",
        "middleware/.gitkeep": "",
        "skills/.gitkeep": "",
        "sub_agents/.gitkeep": "",
    }
    return write_files(folder, files)


def change(id: str = "001-1", **fields: Any) -> Change:
    given: dict[str, Any] = {
        "id": id,
        "kinds": (Kind.MEMORY,),
        "action": "add",
        "subject": "remember to count twice",
        "evidence": "Two trials counted once.",
        "root_cause": "Nothing asks for a second look.",
        "fix": "A line in memory.",
        "predicts": ("count-lines", "sum-rows"),
        "risks": ("fast-task",),
        "citations": (Citation(trial="abc", step=3, quote="42"), Citation(trial="def", step=1, quote="7")),
        "evolver": "some-model",
        "strategy": "ahe",
    }
    return Change(**{**given, **fields})


def verdict(outcome: str = "kept", **fields: Any) -> Verdict:
    given: dict[str, Any] = {
        "outcome": outcome,
        "reason": "score above .93",
        "gate": "posterior",
        "incumbent": "a" * 40,
        "candidate": "b" * 40,
        "score": 0.97,
        "delta": Interval(mean=0.05, low=0.01, high=0.09),
        "raw_delta": 0.07,
        "incumbent_rate": 0.5,
        "candidate_rate": 0.57,
        "heldout_delta": -0.01,
        "rollouts": 48,
        "missing": 2,
        "usage": Usage(calls=9, input_tokens=1200, output_tokens=34, usd=0.25),
        "predicted": ("count-lines",),
        "observed_up": ("count-lines",),
        "observed_down": ("fast-task",),
    }
    return Verdict(**{**given, **fields})


def evolve(history: History, text: str, id: str = "001-1", path: str = "memory.md", **fields: Any) -> str:
    """Commit one change as the evolver does, and move the workspace to it."""
    with history.draft(history.head()) as tree:
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
        sha = history.commit_draft(tree, change(id, **fields))
    history.advance(sha)
    return sha


def git(path: Path, *arguments: str, ok: bool = True, **variables: str) -> str:
    """A person's plain git."""
    done = subprocess.run(
        ["git", *arguments],
        cwd=path,
        env={**os.environ, **PERSON, "GIT_PAGER": "cat", **variables},
        capture_output=True,
        text=True,
    )
    if ok:
        assert done.returncode == 0, done.stderr
    return done.stdout


def by_hand(history: History, name: str, text: str, message: str = "tune by hand") -> str:
    (history.path / name).write_text(text)
    git(history.path, "add", "-A")
    git(history.path, "commit", "-qm", message)
    return history.head()


def snapshot(path: Path) -> dict[str, bytes]:
    """Every file of a working tree."""
    return {
        str(file.relative_to(path)): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and ".git" not in file.relative_to(path).parts
    }
