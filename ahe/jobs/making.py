"""Makes tasks of what people have, and checks each: what cannot be a task is left out with the reason."""

import asyncio
import functools
import json
import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from ahe.errors import TaskError, UsageError
from ahe.evaluate.check import Check, check_task
from ahe.evaluate.commits import Repository, tasks_of
from ahe.evaluate.made import (
    NewTask,
    code_around,
    folders_with_check,
    name_of,
    read_checks,
    read_folder,
    read_tests,
    write,
)
from ahe.evaluate.suite import FILE, SPLITS, hashed_splits, load_suite
from ahe.evaluate.tasks import read_task
from ahe.history.git import Git
from ahe.jobs.folder import copy, persons
from ahe.records import Record, Split

JOBS = 2
OURS = "# `ahe tasks` keeps this file, until this line is removed: no hash fell into train at first."
_LACKS = re.compile(r"line \d+: (\S+): command not found")
_MODULE = re.compile(r"No module named '(\w+)")
_FAILS = re.compile(r"^(?:FAILED|ERROR) .+", re.MULTILINE)

Drafts = tuple[list[NewTask], dict[str, str]]


class MadeSuite(Record):
    """What was made: the folder, its tasks with their splits, those that nothing shows to be solvable, and why others
    were left out."""

    folder: str
    tasks: dict[str, Split | None]
    unproved: int
    left_out: dict[str, str]


def checks(source: Path, files: Path | None, scratch: Path) -> Drafts:
    """The tasks of a list of shell checks, which start from the folder `files` if given. Raises `UsageError`."""
    return read_checks(source, files, functools.cache(functools.partial(_copied, scratch=scratch)))


def folders(source: Path, scratch: Path) -> Drafts:
    """The tasks of the folders in `source` that hold a `check`."""
    tasks, left_out = [], {}
    taken: set[str] = set()
    for folder in folders_with_check(source):
        try:
            tasks.append(read_folder(folder, functools.partial(_copied, scratch=scratch), taken))
        except TaskError as error:
            left_out[folder.name] = str(error)
    return tasks, left_out


def tests(source: Path, code: Path | None, scratch: Path) -> Drafts:
    """The tasks of a file of tests for pytest; the code is the folder around it, or `code`. Raises `UsageError`."""
    root = (code or code_around(source)).resolve()
    path = source.relative_to(root).as_posix() if source.is_relative_to(root) else source.name
    copied = _copied(root, scratch)
    (copied / path).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, copied / path)
    return read_tests(copied, path), {}


def commits(source: Path, base: str, fix: str, span: str, check: str, scratch: Path) -> Drafts:
    """The task of the change from `base` to `fix`, or of each commit of the range `span`. Raises `UsageError`."""
    repository = Repository(source, scratch)
    pairs = repository.commits(span) if span else [(base, fix)]
    found = list(tasks_of(repository, pairs, check))
    tasks = [each for each in found if isinstance(each, NewTask)]
    return tasks, dict(each for each in found if not isinstance(each, NewTask))


def one_task(
    suite: Path, name: str, instruction: str, check: str, files: Path | None, scratch: Path
) -> Drafts:
    """A task for the folder `suite`. Raises `UsageError` where it has one of that name, or where it can be no name."""
    if name and name != (plain := name_of(name, set())):
        raise UsageError(f"--name {name} is not the name of a task's folder: {plain} would be")
    name = name or name_of(instruction, {path.name for path in suite.glob("*")})
    if (suite / name).exists():
        raise UsageError(f"{suite / name} exists already: give the task another --name")
    return [NewTask(name, instruction, check, _copied(files, scratch) if files else None)], {}


async def make_suite(
    read: Callable[[Path], Drafts], target: Path, tell: Callable[[str], None], *, add: bool = False
) -> MadeSuite:
    """Write the tasks that `read` gives, which gets a folder for what it copies, check each, and remove those that are
    not sound. With `add` the folder `target` may be there.

    Raises `UsageError` where `target` exists, `TaskError` where no task is left.
    """
    if target.exists() and not add:
        raise UsageError(f"{target} exists already: name another folder with --out")
    with tempfile.TemporaryDirectory(prefix="ahe-tasks-") as folder:
        return await _made(read(Path(folder)), target, Path(folder), tell)


async def _made(drafts: Drafts, target: Path, scratch: Path, tell: Callable[[str], None]) -> MadeSuite:
    tasks, left_out = drafts
    limit = asyncio.Semaphore(JOBS)

    async def one(task: NewTask) -> str:
        async with limit:
            folder = scratch / "made" / task.name
            write(task, folder)
            check = await check_task(read_task(folder), "auto", scratch)
            why = _unsound(task, check)
            if not why:
                fails = _FAILS.findall(check.idle[0].output) if task.pytest and not task.solution else []
                with (folder / "instruction.md").open("a", encoding="utf-8") as said:
                    said.write(f"\nIt fails now:\n\n    {fails[0][:500]}\n" if fails else "")
                target.mkdir(parents=True, exist_ok=True)
                shutil.copytree(folder, target / task.name, symlinks=True)
            tell(f"checked {task.name}")
            return why

    async with asyncio.TaskGroup() as group:
        running = {task.name: group.create_task(one(task)) for task in tasks}
    left_out = left_out | {name: done.result() for name, done in running.items() if done.result()}
    if all(task.name in left_out for task in tasks):
        raise TaskError(
            "\n".join(f"{name}: {why}" for name, why in left_out.items()) or "there is nothing in it"
        )
    _fill_train(target)
    suite = load_suite(target, digests=False)
    made = {task.name: suite.split_of(task.name) for task in tasks if task.name not in left_out}
    unproved = sum(not task.solution for task in tasks if task.name in made)
    return MadeSuite(folder=str(target), tasks=made, unproved=unproved, left_out=left_out)


def _fill_train(target: Path) -> None:
    """Write a `suite.toml` where no task's hash falls into train, and keep it up to date: no task moves later."""
    file = target / FILE
    ours = file.is_file() and file.read_text("utf-8", "replace").startswith(OURS)
    if file.is_file() and not ours:
        return
    suite = load_suite(target, digests=False)
    splits = hashed_splits({*suite.tasks, *suite.left_out})
    if splits["train"] and not ours:
        return
    kept = suite.splits["train"] if ours else (splits["heldout"] or splits["test"])[:1]
    splits = {split: tuple(name for name in names if name not in kept) for split, names in splits.items()}
    splits["train"] = tuple(sorted((*kept, *splits["train"])))
    lines = [f"{split} = {json.dumps(splits[split])}" for split in SPLITS]
    file.write_text("\n".join((OURS, "", "[splits]", *lines, "")), "utf-8")


def _unsound(task: NewTask, check: Check) -> str:
    """Why a task cannot be used; empty if it can."""
    outputs = [each.output for each in (*check.solved, *check.idle)]
    lacks = [name for text in outputs[-1:] for name in _LACKS.findall(text)]
    modules = [name for text in outputs[:1] for name in _MODULE.findall(text) if not _has(task.files, name)]
    if lacks:
        return f"its check needs `{lacks[0]}`, which the sandbox does not have"
    if modules:
        return f"it needs the package {modules[0]}, and the sandbox shows Python's standard library and pytest only"
    return "; ".join(" ".join(problem.split()) for problem in check.problems)


def _has(code: Path | None, module: str) -> bool:
    """Whether a module is the code's own, which may just be missing still."""
    return code is not None and any(next(code.rglob(name), None) for name in (f"{module}.py", module))


def _copied(root: Path, scratch: Path) -> Path:
    """A copy of a person's folder, without what git ignores, repositories, records of runs, and folders of tasks.

    Raises `UsageError` for a folder that is too large.
    """
    scratch = Path(tempfile.mkdtemp(dir=scratch))
    empty, record, target = scratch / "empty", scratch / "record.git", scratch / "code"
    empty.mkdir()
    Git(empty, record).run("init", "--quiet", "--template=")
    copy(root, persons(root, record, root / "runs"), target)
    shutil.rmtree(target / ".git", ignore_errors=True)
    for toml in [*target.glob("*/**/task.toml")]:
        shutil.rmtree(toml.parent, ignore_errors=True)
    return target
