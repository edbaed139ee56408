"""Converts tasks of the older Terminal-Bench (task.yaml, run-tests.sh, docker-compose.yaml) to Harbor's format."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import yaml

from ahe.errors import TaskError
from ahe.evaluate.support import COMPOSE, Compose, read_compose
from ahe.harness.load import read_mapping

OURS = ("task.yaml", COMPOSE, "run-tests.sh", "solution.sh", "solution.yaml", "tests")
"""What becomes another part of the task; everything else is the build context."""
TEST = """\
#!/bin/bash
export TEST_DIR=/tests
bash /tests/run-tests.sh
if [ $? -eq 0 ]; then echo 1; else echo 0; fi > /logs/verifier/reward.txt
"""


def older_tasks(root: Path) -> list[Path]:
    """The folders of such tasks: `root` itself, or those in it."""
    return [folder for folder in (root, *sorted(root.iterdir())) if (folder / "task.yaml").is_file()]


def convert(old: Path, new: Path) -> None:
    """Writes the task in `old` to the new folder `new`. Raises `TaskError` that says what cannot be converted."""
    try:
        _refuse_links(old)
        files = _files(old)
        ours = shutil.ignore_patterns(*OURS)
        shutil.copytree(
            old,
            new / "environment",
            symlinks=True,
            ignore=lambda at, names: ours(at, names) if Path(at) == old else (),
        )
        if (old / "tests").is_dir():
            shutil.copytree(old / "tests", new / "tests", symlinks=True)
        for name, content in files.items():
            (new / name).parent.mkdir(exist_ok=True)
            (new / name).write_bytes(content)
    except Exception as error:  # PyYAML raises any kind for an odd value
        shutil.rmtree(new, ignore_errors=True)
        raise TaskError(f"{old} cannot be converted: {str(error)[:300]}") from error


def _refuse_links(old: Path) -> None:
    """Raises `ValueError` for what would bring a file of this machine into the tests, or is not a file."""
    for path in (*(old / name for name in OURS), *(old / "tests").rglob("*")):
        inside = path.resolve().is_relative_to(old.resolve())
        if os.path.lexists(path) and not (inside and (path.is_file() or path.is_dir())):
            raise ValueError(f"{path} is neither a file nor a folder of the task")


def _files(old: Path) -> dict[str, bytes]:
    """The files that are not copied. Raises `ValueError` and others."""
    about = read_mapping((old / "task.yaml").read_text("utf-8-sig"))
    compose = read_compose((old / COMPOSE).read_text("utf-8-sig")) if (old / COMPOSE).is_file() else Compose()
    instruction = about.get("instruction") or about.get("descriptions", [{}])[0].get("description")
    if not isinstance(instruction, str):
        raise ValueError("task.yaml has no instruction")
    if compose.problems:
        raise ValueError(f"{COMPOSE} asks for what cannot be honoured: {', '.join(compose.problems)}")
    files = {
        "task.toml": _toml(about, compose.image).encode(),
        "instruction.md": instruction.encode(),
        "tests/run-tests.sh": (old / "run-tests.sh").read_bytes(),
        "tests/test.sh": TEST.encode(),
    }
    solution = _solution(old)
    return {**files, "solution/solve.sh": solution} if solution else files


def _solution(old: Path) -> bytes:
    """The script, or the commands that Terminal-Bench would type; empty where there is neither."""
    if (old / "solution.sh").is_file():
        return (old / "solution.sh").read_bytes()
    if not (old / "solution.yaml").is_file():
        return b""
    steps = yaml.safe_load((old / "solution.yaml").read_text("utf-8-sig"))
    return "\n".join(["#!/bin/bash", *(str(step["command"]) for step in steps), ""]).encode()


def _toml(about: dict[str, Any], image: str) -> str:
    """task.toml. Strings of JSON are strings of TOML too."""
    metadata: dict[str, str | float] = {
        key: str(about[key]) for key in ("difficulty", "category") if key in about
    }
    tables: dict[str, dict[str, str | float]] = {
        "metadata": metadata,
        "agent": {"timeout_sec": float(about.get("max_agent_timeout_sec") or 900)},
        "verifier": {"timeout_sec": float(about.get("max_test_timeout_sec") or 600)},
        "environment": {"docker_image": image} if image else {},
    }
    lines = ['version = "1.0"']
    for name, values in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    return "\n".join(lines) + "\n"
