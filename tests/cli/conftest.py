from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from task_writer import write_files

from ahe.history import History
from ahe.project.content import entry

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def ahe(tmp_path: Path) -> Run:
    """Runs the real command in a process of its own, with a home of its own. Returns the finished process."""
    home = tmp_path / "home"
    home.mkdir()
    environ = {
        **{
            name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "AHE_", "XDG_"))
        },
        "PYTHONPATH": str(ROOT),
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
    }

    def run(*arguments: str, cwd: Path = tmp_path, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ahe", *arguments]
        return subprocess.run(
            command, cwd=cwd, env={**environ, **more}, capture_output=True, text=True, timeout=60
        )

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a real workspace."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "ahe.toml").write_text("")
    History.create(root / "workspace", entry("components"))
    return root


TASK = """schema_version = "1.4"
[task]
name = "own/{name}"
description = "what {name} is about"
[environment]
network_mode = "no-network"
workdir = "/app"
"""


def write_task(folder: Path, name: str, *, solution: str = "touch /app/done") -> None:
    reward = "[ -e /app/done ] && reward=1 || reward=0"
    verify = f"mkdir -p /logs/verifier; {reward}; echo $reward > /logs/verifier/reward.txt"
    files = {
        "task.toml": TASK.format(name=name),
        "instruction.md": "Make the file /app/done.\n",
        "solution/solve.sh": f"#!/bin/bash\n{solution}\n",
        "tests/test.sh": f"#!/bin/bash\n{verify}\n",
    }
    write_files(folder / name, files)


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    folder = tmp_path / "suite"
    write_task(folder, "sound")
    write_task(folder, "broken", solution="true")
    (folder / "suite.toml").write_text('name = "own"\n[splits]\ntrain = ["sound"]\nheldout = ["broken"]\n')
    return folder
