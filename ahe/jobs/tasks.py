"""The tasks of a suite: listed with what keeps them from running here, and checked to be sound."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ahe.errors import UsageError
from ahe.evaluate.check import Check, check_task
from ahe.evaluate.suite import Suite
from ahe.project.project import Project
from ahe.records import Record, Task


class ListedTask(Record):
    """A task of the suite. `split` is `none` where suite.toml does not name it; `refused` says why it cannot run."""

    name: str
    split: str
    environment: str
    refused: str
    description: str


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
    """The suite's tasks. Raises `UsageError` or `TaskError`."""
    suite, wanted = project.suite(), project.config.environment
    refused = suite.refusals(allow_network=wanted.allow_network, kind=wanted.kind)
    tasks = tuple(
        ListedTask(
            name=name,
            split=suite.split_of(name) or "none",
            environment="docker" if task.docker_only else "bwrap or docker",
            refused=refused.get(name, ""),
            description=_description(task),
        )
        for name, task in sorted(suite.tasks.items())
    )
    return ListedSuite(suite, tasks)


async def check(
    project: Project, names: Sequence[str], kinds: Sequence[str], jobs: int, tell: Callable[[Check], None]
) -> list[Check]:
    """Check tasks (all, where none is named) in each kind of environment, `jobs` at a time.

    `tell` is called with each check as it ends. Raises `UsageError` for a name that the suite does not have.
    """
    suite = project.suite()
    if unknown := [name for name in names if name not in suite.tasks]:
        raise UsageError(f"no task {', '.join(unknown)} in {suite.path}: `ahe tasks list` names them")
    wanted = [(suite.tasks[name], kind) for name in names or sorted(suite.tasks) for kind in kinds]
    limit, allow_network = asyncio.Semaphore(jobs), project.config.environment.allow_network

    async def one(task: Task, kind: str, scratch: Path) -> Check:
        async with limit:
            result = await check_task(task, kind, scratch, allow_network=allow_network)
        tell(result)
        return result

    with tempfile.TemporaryDirectory(prefix="ahe-check-") as folder:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one(task, kind, Path(folder))) for task, kind in wanted]
        return [task.result() for task in running]


def _description(task: Task) -> str:
    section = task.raw.get("task")
    text = section.get("description") if isinstance(section, dict) else None
    return str(text) if text else " ".join(task.instruction.split())
