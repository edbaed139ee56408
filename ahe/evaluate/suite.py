"""A suite: a folder of tasks in the splits train, heldout and test, and its texts that must not leak."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from pydantic import Field

from ahe.errors import TaskError, UnsupportedTask
from ahe.evaluate.support import refuse
from ahe.evaluate.taskformat import SuiteToml, parse, unknown_keys
from ahe.evaluate.tasks import read_task
from ahe.records import Record, Split, Task

FILE = "suite.toml"
SPLITS: tuple[Split, ...] = get_args(Split)
TRAIN_SHARE, HELDOUT_SHARE = 0.4, 0.2
SHOWN = 10
TEXT_BYTES = 1_000_000
"""Verifiers and solutions are read up to this size; the rest of a larger file is data, which no model copies."""


class Suite(Record):
    """Tasks by name, and the names of the tasks in each split, in order.

    `quick` names a part of each split, for a short first iteration; empty if the suite has none. `unassigned` are tasks
    that `suite.toml` puts in no split: no run uses them.
    """

    name: str
    path: str
    description: str = ""
    tasks: dict[str, Task]
    splits: dict[Split, tuple[str, ...]]
    quick: dict[Split, tuple[str, ...]] = Field(default_factory=dict)
    unassigned: tuple[str, ...] = ()

    def part(self, split: Split, *, quick: bool = False) -> tuple[Task, ...]:
        """The tasks of a split; with `quick` its quick part, if the suite has one."""
        names = self.quick.get(split, ()) if quick and self.quick else self.splits.get(split, ())
        return tuple(self.tasks[name] for name in names)

    def split_of(self, name: str) -> Split | None:
        """The split of a task; None if it is in none."""
        return next((split for split in SPLITS if name in self.splits.get(split, ())), None)

    def unknown_keys(self) -> dict[str, int]:
        """Keys of task.toml files that the format does not have, each with the number of tasks that use it."""
        return dict(Counter(key for task in self.tasks.values() for key in unknown_keys(task.raw)))

    def refusals(self, *, allow_network: bool, kind: str) -> dict[str, str]:
        """Tasks of the splits that cannot be run, with the reasons."""
        found = {}
        for name in (name for names in self.splits.values() for name in names):
            try:
                refuse(self.tasks[name], allow_network=allow_network, kind=kind)
            except UnsupportedTask as error:
                found[name] = str(error)
        return found


def load_suite(path: Path) -> Suite:
    """Read the suite in folder `path`: splits as in `suite.toml`, or without it by hash, 40/20/40.

    Tasks are in the folder or one level deeper; a folder that is itself a task is a suite of one. Raises `TaskError`
    that names every task that cannot be read, every name without a task, and every task in two splits.
    """
    root = Path(path).absolute()
    if not root.is_dir():
        raise TaskError(f"there is no suite at {root}: give the folder that holds the tasks")
    tasks = _tasks(root)
    described = root / FILE
    if not described.is_file():
        return Suite(name=root.name, path=str(root), tasks=tasks, splits=hashed_splits(tasks))
    toml, _ = parse(SuiteToml, described.read_bytes(), str(described))
    splits, quick = ({split: named.get(split, ()) for split in SPLITS} for named in (toml.splits, toml.quick))
    _check(str(described), tasks, splits)
    for split, names in quick.items():
        if outside := sorted(set(names) - set(splits[split])):
            raise TaskError(f"{described}: quick.{split} names tasks outside that split: {_list(outside)}")
    chosen = {name for names in splits.values() for name in names}
    return Suite(
        name=toml.name or root.name,
        path=str(root),
        description=toml.description,
        tasks=tasks,
        splits=splits,
        quick=quick if any(quick.values()) else {},
        unassigned=tuple(sorted(set(tasks) - chosen)),
    )


def hashed_splits(names: dict[str, Task]) -> dict[Split, tuple[str, ...]]:
    """Splits by the hash of each name, so that adding a task does not move another one."""
    found: dict[Split, list[str]] = {split: [] for split in SPLITS}
    for name in sorted(names):
        place = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64
        if place < TRAIN_SHARE:
            found["train"].append(name)
        else:
            found["heldout" if place < TRAIN_SHARE + HELDOUT_SHARE else "test"].append(name)
    return {split: tuple(members) for split, members in found.items()}


def _folders(root: Path) -> list[Path]:
    if (root / "task.toml").is_file():
        return [root]
    found = []
    for child in sorted(root.iterdir()):
        if child.name.startswith(".") or not child.is_dir():
            continue
        if (child / "task.toml").is_file():
            found.append(child)
        else:
            found += sorted(file.parent for file in child.glob("*/task.toml") if file.is_file())
    return found


def _tasks(root: Path) -> dict[str, Task]:
    tasks: dict[str, Task] = {}
    wrong = []
    for folder in _folders(root):
        try:
            task = read_task(folder)
        except TaskError as error:
            wrong.append(str(error))
            continue
        if task.name in tasks:
            wrong.append(f"two tasks are called {task.name}: {tasks[task.name].path} and {task.path}")
        tasks[task.name] = task
    if wrong:
        rest = f"\nand {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise TaskError("\n".join(wrong[:SHOWN]) + rest)
    if not tasks:
        raise TaskError(f"{root} holds no tasks: each is a folder with a task.toml")
    return tasks


def _check(file: str, tasks: dict[str, Task], splits: dict[Split, tuple[str, ...]]) -> None:
    seen: dict[str, Split] = {}
    problems = []
    for split, names in splits.items():
        for name in names:
            if name not in tasks:
                problems.append(f"{split} names {name}, and there is no such task")
            elif name in seen:
                problems.append(f"{name} is in {seen[name]} and again in {split}; a task has one split")
            seen.setdefault(name, split)
    if not splits["train"]:
        problems.append("splits.train is empty, so there is nothing to learn from")
    if problems:
        raise TaskError(f"{file}: " + "; ".join(problems[:SHOWN]))


def _list(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


class SuiteTexts(Record):
    """The `names` of all tasks and the `hidden` texts of verifiers and solutions, which a harness must not contain.

    `allowed` texts may be quoted: the instructions of train tasks, which the evolver reads anyway.
    """

    names: tuple[str, ...]
    hidden: tuple[str, ...]
    allowed: tuple[str, ...]


def suite_texts(suite: Suite) -> SuiteTexts:
    """Read `tests/` and `solution/` of every task; binary files are left out."""
    hidden: dict[str, None] = {}
    for task in suite.tasks.values():
        for part in ("tests", "solution"):
            hidden.update(dict.fromkeys(_texts(Path(task.path, part))))
    return SuiteTexts(
        names=tuple(sorted(suite.tasks)),
        hidden=tuple(hidden),
        allowed=tuple(task.instruction for task in suite.part("train")),
    )


def _texts(folder: Path) -> Iterator[str]:
    for directory, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(directory, name)
            if not path.is_file():
                continue
            with path.open("rb") as file:
                content = file.read(TEXT_BYTES)
            if b"\0" not in content:
                yield content.decode("utf-8", "replace")
