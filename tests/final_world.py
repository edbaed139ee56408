"""The small world with a test split: the scripted coder answers these tasks as it answers the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import world

TEST = ("kappa-note", "sigma-note", "theta-note")


def script() -> dict[str, Any]:
    """Of the test tasks all but the last pass once the harness acts."""
    answers = world.script()
    own = {f"{name}/*/0": f"WRITE {name.split('-')[0]}" for name in TEST[:2]}
    answers["coder"] = {**own, f"{TEST[2]}/*/0": "WRITE nonsense", **answers["coder"]}
    return answers


def write_project(root: Path, **tables: dict[str, Any]) -> Path:
    world.write_project(root, script(), **tables)
    for name in TEST:
        world.write_task(root / "suite" / name, name.split("-")[0])
    suite = root / "suite" / "suite.toml"
    names = str(list(TEST)).replace("'", '"')
    suite.write_text(suite.read_text().replace("test = []", f"test = {names}"))
    return root
