"""`ahe tasks`: list the suite's tasks, check that they are sound, and make new ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ahe.cli.options import suite_path
from ahe.cli.shared import Group, Invocation, Place, make_command, run, show, tell, width

if TYPE_CHECKING:
    from ahe.jobs.making import Drafts
    from ahe.project.project import Project

FROM = """ahe tasks from tickets.csv --question text --answer team --scorer label
ahe tasks from checks.txt --files data
ahe tasks from tests/test_parser.py
ahe tasks from ~/code/tool --commits v1.0..main
ahe tasks from ~/terminal-bench/tasks --out evals/terminal-bench"""
NEW = """ahe tasks new
ahe tasks new --instruction "Sort names.txt in place" --check "sort -c names.txt" --files data"""
_SUITE = click.option("--suite", metavar="PATH", help="Folder of the suite (default: the project's).")


@click.group("tasks", cls=Group)
def command() -> None:
    """List the suite's tasks, check that they are sound, and make new ones of what you have."""


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
    help="The new folder (default: the name of SOURCE with -tasks).",
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
@click.option(
    *("--code", "--files", "code"),
    type=Place(exists=True, file_okay=False),
    help="Of checks and tests: the folder that the agent works on a copy of.",
)
@click.option("--base", default="", metavar="A", help="Of a repository: the commit before the change …")
@click.option("--fix", default="", metavar="B", help="… and the one after it, whose tests are the check.")
@click.option(
    "--commits", "span", default="", metavar="A..B", help="Of a repository: a task for each commit."
)
@click.option("--check", default="", metavar="CMD", help="Of a repository: runs the tests (default: pytest).")
def tasks_from(_: Invocation, source: Path, out: Path | None, as_json: bool, **given: Any) -> None:
    """Make a suite of SOURCE, in a new folder.

    \b
    rows.csv, rows.jsonl   questions that are answered in words
    checks.txt, .yaml      instructions, each with a shell command that checks the result
    test_x.py              a task for each failing test: repair the code
    a folder               a task for each folder in it with a `check`; older Terminal-Bench tasks are converted
    a git repository       with --base A --fix B, or --commits A..B: make the change that the commit's tests check

    Each task is checked as `ahe tasks check` does; what cannot be a task is left out with the reason.
    """
    source = source.resolve()
    kind = "commits" if given["span"] or given["base"] or given["fix"] else source.suffix
    if kind in (".csv", ".jsonl"):
        from ahe.jobs.tasks import convert_rows

        columns = (given["question"], given["answer"], given["scorer"])
        rows = convert_rows(source, (out or Path(source.stem)).absolute(), *columns)
        text = f"{rows.folder}: {rows.rows} rows; `ahe evolve --suite {rows.folder}` uses them"
        show(rows, as_json, lambda: text)
        return
    from ahe.evaluate.made import folders_with_check
    from ahe.jobs import making

    target = (out or Path(f"{source.stem}-tasks")).absolute()
    if kind == "commits":
        if not given["span"] and not (given["base"] and given["fix"]):
            raise click.UsageError("a change needs both --base and --fix, or --commits A..B")
        named = (given[name] for name in ("base", "fix", "span", "check"))
        read = partial(making.commits, source, *named)
    elif source.is_dir() and not folders_with_check(source):
        from ahe.jobs.tasks import convert_older
        from ahe.views.lists import converted_text

        found = convert_older(source, (out or Path(f"{source.name}-harbor")).absolute())
        show(found, as_json, lambda: converted_text(found))
        return
    elif source.is_dir():
        read = partial(making.folders, source)
    else:
        read = partial(making.tests if kind == ".py" else making.checks, source, given["code"])
    _make(read, target, as_json)


@make_command("new", NEW, project=False)
@click.option("--instruction", metavar="TEXT", help="What the agent is asked to do.")
@click.option("--check", metavar="CMD", help="A command that succeeds when it is done, and fails before.")
@click.option("--files", type=Place(exists=True, file_okay=False), help="A folder to start from.")
@click.option("--name", default="", help="The task's name (default: made of the instruction).")
@click.option("--suite", type=Place(file_okay=False), default="tasks", show_default=True, help="Its suite.")
def new(
    _: Invocation,
    instruction: str | None,
    check: str | None,
    files: Path | None,
    name: str,
    suite: Path,
    as_json: bool,
) -> None:
    """Make a task of an instruction and a command that checks the result; asks for what is not given.

    The agent works on a copy of the files and does not see the command.
    """
    from ahe.jobs.making import one_task

    asked = instruction is None or check is None
    instruction = instruction or click.prompt("What should the agent do?", err=True)
    check = check or click.prompt("Which command succeeds when it is done?", err=True)
    if asked and files is None:
        answer = click.prompt(
            "Which folder does it start from? (empty: none)", "", show_default=False, err=True
        )
        files = Path(answer) if answer else None
        if files and not files.is_dir():
            raise click.UsageError(f"there is no folder {files}: name one, or leave it empty")
    suite, files = suite.absolute(), files and files.resolve()
    _make(partial(one_task, suite, name, instruction, check, files), suite, as_json, add=True)


def _make(read: Callable[[Path], Drafts], target: Path, as_json: bool, *, add: bool = False) -> None:
    from ahe.jobs.making import make_suite
    from ahe.views.lists import made_text

    made = run(lambda _: make_suite(read, target, tell, add=add), progress=False)
    show(made, as_json, lambda: made_text(made))


def _project(invocation: Invocation, suite: str | None) -> Project:
    return invocation.project({"suite.path": None if suite is None else suite_path(suite)})


command.add_command(list_tasks)
command.add_command(check_tasks)
command.add_command(tasks_from)
command.add_command(new)
