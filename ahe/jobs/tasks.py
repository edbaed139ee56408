"""The tasks of a suite: listed with what keeps them from running here, and checked to be sound."""

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahe.errors import TaskError, UsageError
from ahe.evaluate.check import Check, check_task
from ahe.evaluate.rows import convert as convert_file
from ahe.evaluate.suite import Suite, load_suite
from ahe.evaluate.terminal_bench import convert, older_tasks
from ahe.project.project import Project
from ahe.records import Record, Task


class ListedTask(Record):
    """A task of the suite. `split` is `none` where suite.toml does not name it; `refused` says why it cannot run."""

    name: str
    split: str
    environment: str = ""
    refused: str = ""
    description: str = ""


@dataclass(frozen=True)
class ListedSuite:
    """A suite with its tasks in the order of their names."""

    suite: Suite
    tasks: tuple[ListedTask, ...]

    def record(self) -> dict[str, Any]:
        """For --json."""
        tasks = [task.model_dump(mode="json") for task in self.tasks]
        return {"suite": self.suite.name, "path": self.suite.path, "tasks": tasks}


def listed(project: Project) -> ListedSuite:
    """The suite's tasks, those that cannot be read or run too. Raises `UsageError` or `TaskError`."""
    suite, wanted = load_suite(project.config.suite_path(), digests=False), project.config.environment
    refused = suite.refusals(allow_network=wanted.allow_network, kind=wanted.kind)
    found = [
        ListedTask(
            name=name,
            split=suite.split_of(name) or "none",
            environment="none" if task.row else "docker" if task.docker_only else "bwrap or docker",
            refused=refused.get(name, ""),
            description=_description(task),
        )
        for name, task in suite.tasks.items()
    ]
    found += [ListedTask(name=name, split="none", refused=why) for name, why in suite.left_out.items()]
    return ListedSuite(suite, tuple(sorted(found, key=lambda task: task.name)))


async def check(
    project: Project, names: Sequence[str], kinds: Sequence[str], jobs: int, tell: Callable[[Check], None]
) -> tuple[list[Check], str]:
    """Check tasks in each kind of environment, `jobs` at a time; also says what was left out.

    Where none is named, all are checked that can be read and run there. `tell` is called with each check as it ends.
    Raises `UsageError` for a name that the suite does not have, `TaskError` for a task that cannot be read, and where
    nothing is left to check.
    """
    suite, policy = load_suite(project.config.suite_path()), project.config.environment
    parts = {kind: suite.runnable(allow_network=policy.allow_network, kind=kind) for kind in kinds}
    wanted = [
        (task, kind)
        for task in suite.by_name(names or sorted(suite.tasks))
        for kind, part in parts.items()
        if names or task.name not in part.left_out
    ]
    notes = (
        "" if names else "\n".join(dict.fromkeys(filter(None, (p.left_out_text() for p in parts.values()))))
    )
    if not wanted:
        raise TaskError(notes)
    limit, allow_network = asyncio.Semaphore(jobs), policy.allow_network

    async def one(task: Task, kind: str, scratch: Path) -> Check:
        async with limit:
            result = await check_task(task, kind, scratch, allow_network=allow_network)
        tell(result)
        return result

    with tempfile.TemporaryDirectory(prefix="ahe-check-") as folder:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one(task, kind, Path(folder))) for task, kind in wanted]
        return [task.result() for task in running], notes


class Converted(Record):
    """What `ahe tasks from` made: the folder, the names of its tasks, and why others were left out."""

    folder: str
    tasks: tuple[str, ...]
    left_out: dict[str, str]


def convert_older(source: Path, target: Path) -> Converted:
    """Convert the older Terminal-Bench tasks in `source` to the new folder `target`.

    Raises `UsageError` where there are none or `target` exists, `TaskError` where none can be converted.
    """
    if not (found := older_tasks(source)):
        raise UsageError(
            f"{source} holds no folder with a `check` and no task.yaml of an older Terminal-Bench, itself or in its "
            "folders; of a git repository, name commits with --commits A..B"
        )
    if target.exists():
        raise UsageError(f"{target} exists already: name another folder with --out")
    done, left_out = [], {}
    for folder in found:
        try:
            convert(folder, target / folder.name)
            done.append(folder.name)
        except TaskError as error:
            left_out[folder.name] = str(error)
    if not done:
        raise TaskError("\n".join(left_out.values()))
    return Converted(folder=str(target), tasks=tuple(done), left_out=left_out)


class RowsMade(Record):
    """What `ahe tasks from FILE` made: the suite's folder and its number of rows."""

    folder: str
    rows: int


def convert_rows(source: Path, target: Path, question: str, answer: str, scorer: str) -> RowsMade:
    """Make a suite of rows of a CSV or JSONL file. Raises `UsageError`."""
    return RowsMade(folder=str(target), rows=convert_file(source, target, question, answer, scorer))


def _description(task: Task) -> str:
    if task.row is not None:
        return " ".join(task.row.question.split())
    section = task.raw.get("task")
    text = section.get("description") if isinstance(section, dict) else None
    return str(text) if text else " ".join(task.instruction.split())
