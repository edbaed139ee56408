"""`ahe tasks`: list the suite's tasks, check that they are sound, and convert older ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ahe.cli.options import suite_path
from ahe.cli.shared import Group, Invocation, make_command, run, show, tell, width

if TYPE_CHECKING:
    from ahe.project.project import Project

FROM = """ahe tasks from tickets.csv --question text --answer team --scorer label
ahe tasks from ~/terminal-bench/tasks --out evals/terminal-bench"""
_SUITE = click.option("--suite", metavar="PATH", help="Folder of the suite (default: the project's).")


@click.group("tasks", cls=Group)
def command() -> None:
    """List the suite's tasks, check that they are sound, and convert older ones."""


@make_command("list", "ahe tasks list")
@_SUITE
def list_tasks(invocation: Invocation, suite: str | None, as_json: bool) -> None:
    """List the tasks with their split, and what keeps a task from running here."""
    from ahe.jobs.tasks import listed
    from ahe.views.lists import suite_text, suite_warning

    found = listed(_project(invocation, suite))
    show(found.record(), as_json, lambda: suite_text(found, width()))
    if not as_json and (warning := suite_warning(found)):
        tell(warning)


@make_command("check", "ahe tasks check count-distinct-cities --environment both")
@click.argument("names", nargs=-1)
@_SUITE
@click.option(
    "--environment", type=click.Choice(["auto", "bwrap", "docker", "both"]), default="auto", show_default=True
)
@click.option("-j", "--jobs", type=click.IntRange(1), default=2, show_default=True)
def check_tasks(
    invocation: Invocation, suite: str | None, environment: str, as_json: bool, **given: Any
) -> int:
    """Check tasks: the solution passes, doing nothing fails, and both give the same result twice. No model is asked.

    Exit code 1 where a task is not sound.
    """
    from ahe.evaluate.check import Check
    from ahe.jobs.tasks import check
    from ahe.views.lists import check_line, checks_text

    def checked(one: Check) -> None:
        tell(check_line(one))

    project = _project(invocation, suite)
    kinds = ("bwrap", "docker") if environment == "both" else (environment,)
    checks, left_out = run(lambda _: check(project, kinds=kinds, tell=checked, **given), progress=False)
    if left_out:
        tell(left_out)
    show(checks, as_json, lambda: checks_text(checks))
    return 0 if all(one.ok for one in checks) else 1


@make_command("from", FROM, project=False)
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="The new folder (default: the name of SOURCE with -harbor).",
)
@click.option(
    "--question", default="question", show_default=True, help="Of rows: the column with the question."
)
@click.option(
    "--answer", default="answer", show_default=True, help="Of rows: the column with the right answer."
)
@click.option(
    "--scorer",
    type=click.Choice(["exact", "label", "number", "contains"]),
    default="exact",
    show_default=True,
    help="Of rows: how an answer is compared with the right one.",
)
def tasks_from(
    _: Invocation, source: Path, out: Path | None, question: str, answer: str, scorer: str, as_json: bool
) -> None:
    """Make a suite of SOURCE, in a new folder.

    A .csv or .jsonl file gives a suite of rows, each a question that is answered in words. A folder with tasks of the
    older Terminal-Bench (task.yaml) is converted to Harbor's format.
    """
    from ahe.jobs.tasks import convert_older, convert_rows
    from ahe.views.lists import converted_text

    source = source.resolve()
    if source.is_file():
        made = convert_rows(source, (out or Path(source.stem)).absolute(), question, answer, scorer)
        show(
            made,
            as_json,
            lambda: f"{made.folder}: {made.rows} rows; `ahe evolve --suite {made.folder}` uses them",
        )
        return
    found = convert_older(source, (out or Path(f"{source.name}-harbor")).absolute())
    show(found, as_json, lambda: converted_text(found))


def _project(invocation: Invocation, suite: str | None) -> Project:
    return invocation.project({"suite.path": None if suite is None else suite_path(suite)})


command.add_command(list_tasks)
command.add_command(check_tasks)
command.add_command(tasks_from)
