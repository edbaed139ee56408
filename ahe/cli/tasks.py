"""`ahe tasks`: list the suite's tasks, and prove that they are sound."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ahe.cli.options import suite_path
from ahe.cli.shared import Group, Invocation, emit, run, width
from ahe.cli.shared import command as make_command

if TYPE_CHECKING:
    from ahe.evaluate.check import Check
    from ahe.evaluate.suite import Suite
    from ahe.project.config import Config
    from ahe.records import Task

_SUITE = click.option("--suite", metavar="PATH", help="Folder of the suite (default: the project's).")


@click.group("tasks", cls=Group)
def command() -> None:
    """List the suite's tasks, and check that they are sound."""


@make_command("list", "ahe tasks list")
@_SUITE
def list_tasks(invocation: Invocation, suite: str | None, as_json: bool) -> None:
    """List the tasks with their split, and what keeps a task from running here."""
    config, found = _load(invocation, suite)
    refused = found.refusals(allow_network=config.environment.allow_network, kind=config.environment.kind)
    rows: list[tuple[str, str, str, str, str]] = []
    for name, task in sorted(found.tasks.items()):
        needs = "docker" if task.docker_only else "bwrap or docker"
        row = (name, found.split_of(name) or "none", needs, refused.get(name, ""), _description(task))
        rows.append(row)
    if as_json:
        keys = ("name", "split", "environment", "refused", "description")
        emit(
            {
                "suite": found.name,
                "path": found.path,
                "tasks": [dict(zip(keys, r, strict=True)) for r in rows],
            }
        )
        return
    _print_list(found, rows)


def _print_list(suite: Suite, rows: list[tuple[str, str, str, str, str]]) -> None:
    from ahe.views.text import fit, table

    order = {"train": 0, "heldout": 1, "test": 2, "none": 3}
    rows.sort(key=lambda row: (order[row[1]], row[0]))
    shown = [(name, split, needs, f"refused: {no}" if no else text) for name, split, needs, no, text in rows]
    click.echo(table(("task", "split", "runs in", "what"), shown, width()))
    counts = ", ".join(f"{len(names)} {split}" for split, names in suite.splits.items())
    click.echo(f"\n{suite.name}: {len(rows)} tasks ({counts}) in {suite.path}")
    if unknown := suite.unknown_keys():
        listed = ", ".join(f"{key} ({count})" for key, count in sorted(unknown.items()))
        click.echo(f"keys that the task format does not have, with the number of tasks: {fit(listed, 400)}")
    if suite.unassigned:
        names = fit(", ".join(suite.unassigned), 200)
        click.echo(f"in no split of suite.toml, so never used: {names}", err=True)


@make_command("check", "ahe tasks check count-distinct-cities --environment both")
@click.argument("names", nargs=-1)
@_SUITE
@click.option(
    "--environment", type=click.Choice(["auto", "bwrap", "docker", "both"]), default="auto", show_default=True
)
@click.option("-j", "--jobs", type=click.IntRange(1), default=2, show_default=True)
def check_tasks(
    invocation: Invocation,
    names: tuple[str, ...],
    suite: str | None,
    environment: str,
    jobs: int,
    as_json: bool,
) -> int:
    """Prove tasks: the solution passes, doing nothing fails, and both do so twice alike. No model is asked.

    Exit code 1 where a task is not sound.
    """
    from ahe.errors import UsageError

    config, found = _load(invocation, suite)
    if unknown := [name for name in names if name not in found.tasks]:
        raise UsageError(f"no task {', '.join(unknown)} in {found.path}: `ahe tasks list` names them")
    kinds = ("bwrap", "docker") if environment == "both" else (environment,)
    wanted = [(found.tasks[name], kind) for name in names or sorted(found.tasks) for kind in kinds]
    checks = run(_check_all(wanted, jobs, config.environment.allow_network))
    bad = [check for check in checks if not check.ok]
    if as_json:
        emit(checks)
    else:
        click.echo(f"{len(checks) - len(bad)} of {len(checks)} checks found the task sound")
    return 1 if bad else 0


async def _check_all(wanted: list[tuple[Task, str]], jobs: int, allow_network: bool) -> list[Check]:
    from ahe.evaluate.check import check_task

    gate = asyncio.Semaphore(jobs)

    async def one(task: Task, kind: str, scratch: Path) -> Check:
        async with gate:
            check = await check_task(task, kind, scratch, allow_network=allow_network)
        _tell(check)
        return check

    with tempfile.TemporaryDirectory(prefix="ahe-check-") as folder:
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one(task, kind, Path(folder))) for task, kind in wanted]
        return [task.result() for task in running]


def _tell(check: Check) -> None:
    from ahe.views.text import duration, visible

    state = "ok  " if check.ok else "FAIL"
    click.echo(f"{state} {check.task} ({check.environment}, {duration(check.seconds)})", file=sys.stderr)
    for problem in check.problems:
        click.echo(f"     {visible(problem)}", file=sys.stderr)


def _load(invocation: Invocation, suite: str | None) -> tuple[Config, Suite]:
    from ahe.evaluate.suite import load_suite
    from ahe.project.config import load_config

    config = load_config(invocation.root, {"suite.path": suite_path(suite) if suite else None})
    return config, load_suite(config.suite_path())


def _description(task: Task) -> str:
    section = task.raw.get("task")
    text = section.get("description") if isinstance(section, dict) else None
    return str(text) if text else " ".join(task.instruction.split())


command.add_command(list_tasks)
command.add_command(check_tasks)
