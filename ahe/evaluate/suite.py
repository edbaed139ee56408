"""A suite: a folder of tasks in the splits train, heldout and test, and its texts that must not leak."""

from __future__ import annotations

import fnmatch
import hashlib
from collections import Counter
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import TypeAlias, get_args

from pydantic import Field

from ahe.errors import TaskError, UnsupportedTask, UsageError
from ahe.evaluate.rows import read_rows
from ahe.evaluate.support import refuse
from ahe.evaluate.taskformat import RowsToml, SuiteToml, parse, unknown_keys
from ahe.evaluate.tasks import read_task
from ahe.records import Record, Split, Task

FILE = "suite.toml"
SPLITS: tuple[Split, ...] = get_args(Split)
PARTS = ("instruction.md", "environment", "tests", "solution")
"""A folder that holds one of these was meant to be a task."""
TRAIN_SHARE, HELDOUT_SHARE = 0.4, 0.2
SHOWN = 10
TEXT_BYTES = 1_000_000
"""Verifiers and solutions are read up to this size; the rest of a larger file is data, which no model copies."""

Names: TypeAlias = dict[Split, tuple[str, ...]]


class Suite(Record):
    """Tasks by name, and the names of the tasks in each split, in order.

    `quick` names a part of each split, for a short first iteration; empty if the suite has none. `unassigned` are tasks
    that `suite.toml` puts in no split: no run uses them. `left_out` says of each task why it cannot be read or run: no
    run uses it either, in whichever split it is. `named` are those that `suite.toml` names in full.
    """

    name: str
    path: str
    tasks: dict[str, Task]
    splits: dict[Split, tuple[str, ...]]
    quick: dict[Split, tuple[str, ...]] = Field(default_factory=dict)
    unassigned: tuple[str, ...] = ()
    named: frozenset[str] = frozenset()
    left_out: dict[str, str] = Field(default_factory=dict)

    @property
    def seed(self) -> Path | None:
        """The harness that evolution starts from on this suite; None where it has none of its own."""
        own = Path(self.path) / "seed"
        return own if (own / "system_prompt.md").is_file() else None

    def part(self, split: Split, *, quick: bool = False) -> tuple[Task, ...]:
        """The tasks of a split; with `quick` its quick part, if the suite has one."""
        return tuple(self.tasks[name] for name in self._names(split, quick) if name not in self.left_out)

    def _names(self, split: Split, quick: bool) -> tuple[str, ...]:
        return (self.quick if quick and self.quick else self.splits).get(split, ())

    def usable(self, split: Split, *, quick: bool = False) -> tuple[Task, ...]:
        """As `part`, but raises `UsageError` where the split has tasks and all of them are left out."""
        return self.needed(split, quick=quick) if self._names(split, quick) else ()

    def needed(self, split: Split, *, quick: bool = False) -> tuple[Task, ...]:
        """As `part`, but raises `UsageError` where no task is in it."""
        if found := self.part(split, quick=quick):
            return found
        why = self.left_out_text() or f"name some in `{split} = [...]` under [splits] of {self.path}/{FILE}"
        raise UsageError(f"the suite {self.name} has no {split} tasks that can run here: {why}")

    def by_name(self, names: Iterable[str]) -> tuple[Task, ...]:
        """Raises `TaskError` for tasks that are left out, `UsageError` for those that are not there."""
        if reasons := [self.left_out[name] for name in names if name in self.left_out]:
            raise TaskError(_some(reasons))
        if unknown := [name for name in names if name not in self.tasks]:
            raise UsageError(f"no task {_list(unknown)} in {self.path}: `ahe tasks list` names them")
        return tuple(self.tasks[name] for name in names)

    def split_of(self, name: str) -> Split | None:
        """The split of a task; None if it is in none."""
        return next((split for split in SPLITS if name in self.splits.get(split, ())), None)

    def unknown_keys(self) -> dict[str, int]:
        """Keys of task.toml files that the format does not have, each with the number of tasks that use it."""
        return dict(Counter(key for task in self.tasks.values() for key in unknown_keys(task.raw)))

    def refusals(self, *, allow_network: bool, kind: str) -> dict[str, str]:
        """Tasks that cannot be run, with the reasons."""
        found = {}
        for name, task in self.tasks.items():
            try:
                refuse(task, allow_network=allow_network, kind=kind)
            except UnsupportedTask as error:
                found[name] = str(error)
        return found

    def runnable(self, *, allow_network: bool, kind: str) -> Suite:
        """This suite with the tasks that cannot be run left out."""
        left_out = {**self.left_out, **self.refusals(allow_network=allow_network, kind=kind)}
        return self.model_copy(update={"left_out": left_out})

    def require_named(self) -> None:
        """Raise `TaskError` for the tasks that `suite.toml` names and that cannot be read or run."""
        self.by_name(sorted(self.named & set(self.left_out)))

    def left_out_text(self) -> str:
        """How many tasks are left out, what remains of their splits, and the first ones with their reasons.

        Empty where there are none.
        """
        if not self.left_out:
            return ""
        reasons = [reason for _, reason in sorted(self.left_out.items())]
        remain = [
            f"{len(self.part(split))} of {len(names)} {split}"
            for split, names in self.splits.items()
            if not self.left_out.keys().isdisjoint(names)
        ]
        rest = f"; what remains is {', '.join(remain)}" if remain else ""
        every = len({*self.tasks, *self.left_out})
        return f"{len(reasons)} of {every} tasks are left out{rest}:\n{_some(reasons)}"


def load_suite(path: Path, *, digests: bool = True) -> Suite:
    """Read the suite in folder `path`: splits as in `suite.toml`, or without it by hash, 40/20/40.

    Tasks are in the folder or one level deeper; a folder that is itself a task is a suite of one. A task that cannot be
    read is left out. Without `digests` no task has one (see `read_task`). Raises `TaskError` where no task is left, and
    for a `suite.toml` that names a task which is not there, or names one in two splits.
    """
    root = Path(path).absolute()
    if not root.is_dir():
        raise TaskError(f"there is no suite at {root}: give the folder that holds the tasks")
    described, folders = root / FILE, _folders(root)
    if described.is_file():
        toml, _ = parse(SuiteToml, described.read_bytes(), str(described))
        if toml.rows is not None:
            return _of_rows(root, toml, toml.rows)
        found = {folder.name for folder in folders}
        excluded = _names(toml.exclude, found)
        if unknown := sorted(set(excluded) - found):
            raise TaskError(f"{described}: exclude names {_list(unknown)}, and there is no such task")
        folders = [folder for folder in folders if folder.name not in excluded]
    tasks, left_out = _tasks(folders, root, digests)
    if not described.is_file():
        splits = hashed_splits(tasks)
        return Suite(name=root.name, path=str(root), tasks=tasks, splits=splits, left_out=left_out)
    every = {*tasks, *left_out}
    named = {name for names in toml.splits.values() for name in names if not _is_glob(name)}
    wanted = {split: _names(toml.splits.get(split, ()), every, named) for split in SPLITS}
    quick = {split: _names(toml.quick.get(split, ()), every, named - {*wanted[split]}) for split in SPLITS}
    _check(str(described), every, wanted)
    for split, names in quick.items():
        if outside := sorted(set(names) - set(wanted[split])):
            raise TaskError(f"{described}: quick.{split} names tasks outside that split: {_list(outside)}")
    return Suite(
        name=toml.name or root.name,
        path=str(root),
        tasks=tasks,
        splits=wanted,
        quick=quick if any(quick.values()) else {},
        unassigned=tuple(sorted(set(tasks).difference(*wanted.values()))),
        named=frozenset(named),
        left_out=left_out,
    )


def _of_rows(root: Path, toml: SuiteToml, files: RowsToml) -> Suite:
    rows = read_rows(root, files)
    splits: Names = {split: tuple(task.name for task in rows.get(split, ())) for split in SPLITS}
    return Suite(
        name=toml.name or root.name,
        path=str(root),
        tasks={task.name: task for tasks in rows.values() for task in tasks},
        splits=splits,
        quick={split: names[: files.quick] for split, names in splits.items()} if files.quick else {},
    )


def hashed_splits(names: Iterable[str]) -> dict[Split, tuple[str, ...]]:
    """Splits by the hash of each name, so that adding a task does not move another one."""
    found: dict[Split, tuple[str, ...]] = dict.fromkeys(SPLITS, ())
    places = {
        n: int.from_bytes(hashlib.sha256(n.encode()).digest()[:8], "big") / 2**64 for n in sorted(names)
    }
    for name, place in places.items():
        rest: Split = "heldout" if place < TRAIN_SHARE + HELDOUT_SHARE else "test"
        found["train" if place < TRAIN_SHARE else rest] += (name,)
    return found


def _folders(root: Path) -> list[Path]:
    if _is_task(root):
        return [root]
    found = []
    for child in sorted(root.iterdir()):
        if child.name.startswith(".") or not child.is_dir():
            continue
        inside = [] if _is_task(child) else sorted(each for each in child.iterdir() if _is_task(each))
        meant = _is_task(child) or any((child / part).exists() for part in PARTS)
        found += inside or ([child] if meant else [])
    return found


def _is_task(folder: Path) -> bool:
    return (folder / "task.toml").is_file() or (folder / "task.yaml").is_file()


def _tasks(folders: list[Path], root: Path, digests: bool) -> tuple[dict[str, Task], dict[str, str]]:
    """The tasks by name, and why each of the others cannot be read."""
    tasks: dict[str, Task] = {}
    left_out: dict[str, str] = {}
    for folder in folders:
        if folder.name in tasks or folder.name in left_out:
            raise TaskError(f"two tasks are called {folder.name}; one is {folder}: rename or exclude them")
        try:
            tasks[folder.name] = read_task(folder, digest=digests)
        except TaskError as error:
            left_out[folder.name] = str(error)
    if not tasks:
        none = f"{root} holds no tasks: each is a folder with a task.toml"
        raise TaskError(_some(list(left_out.values())) or none)
    return tasks, left_out


def _is_glob(name: str) -> bool:
    return any(ch in name for ch in "*?[")


def _names(
    patterns: Iterable[str], every: AbstractSet[str], named: AbstractSet[str] = frozenset()
) -> tuple[str, ...]:
    """The names that the patterns stand for. A glob leaves out what is `named`; one without a match stays as it is."""
    found: list[str] = []
    for pattern in patterns:
        matches = fnmatch.filter(sorted(every), pattern) if _is_glob(pattern) else []
        found += [name for name in matches if name not in {*named, *found}] if matches else [pattern]
    return tuple(found)


def _check(file: str, tasks: AbstractSet[str], splits: Names) -> None:
    places: dict[str, list[Split]] = {}
    for split, names in splits.items():
        for name in names:
            places.setdefault(name, []).append(split)
    problems = [f"{places[n][0]} names {n}, and there is no such task" for n in places if n not in tasks]
    twice = {name: " and again in ".join(found) for name, found in places.items() if len(found) > 1}
    problems += [f"{name} is in {where}; a task has one split" for name, where in twice.items()]
    if not splits["train"]:
        problems.append("splits.train is empty, so there is nothing to learn from")
    if problems:
        raise TaskError(f"{file}: " + "; ".join(problems[:SHOWN]))


def _list(names: list[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def _some(lines: list[str]) -> str:
    """The first lines, and how many more there are."""
    more = [f"and {len(lines) - SHOWN} more: `ahe tasks list` names them"] if len(lines) > SHOWN else []
    return "\n".join([*lines[:SHOWN], *more])


def hidden_texts(suite: Suite) -> list[str]:
    """The texts of verifiers and solutions of every task, which a harness must not contain; without binary files.

    Of a suite of rows these are the questions outside train.
    """
    hidden: dict[str, None] = {}
    train = set(suite.splits.get("train", ()))
    for task in suite.tasks.values():
        if task.row is not None:
            hidden.update({} if task.name in train else {task.row.question: None})
            continue
        for part in ("tests", "solution"):
            for path in sorted(Path(task.path, part).rglob("*")):
                if path.is_file():
                    with path.open("rb") as file:
                        content = file.read(TEXT_BYTES)
                    if b"\0" not in content:
                        hidden[content.decode("utf-8", "replace")] = None
    return list(hidden)
