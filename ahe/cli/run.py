"""`ahe run`: the evolved agent on a directory of the user's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ahe.cli.options import flags, working
from ahe.cli.shared import Invocation, emit, run
from ahe.cli.shared import command as make_command

if TYPE_CHECKING:
    from ahe.jobs.run import RunResult

EXAMPLE = """ahe run "add a --verbose flag to cli.py" -C ~/code/tool
ahe run "sort the imports" --apply"""


@make_command("run", EXAMPLE, project=False)
@click.argument("instruction")
@click.option(
    "-C",
    "--directory",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=".",
    help="Where the agent works (default: here).",
)
@click.option("--project", "folder", type=click.Path(path_type=Path), help="The project's folder.")
@click.option("--rev", default="HEAD", show_default=True, help="Which version of the harness.")
@click.option("--apply", is_flag=True, help="Write the changes to the directory when the agent is done.")
@working
def command(
    invocation: Invocation,
    instruction: str,
    directory: Path,
    folder: Path | None,
    rev: str,
    apply: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Let the evolved agent do INSTRUCTION on a copy of a directory, in the sandbox, and show the diff.

    Without --apply the directory stays as it is; the diff on stdout is one that `git apply` takes. Exit code
    1 where the agent gave up or ran into a limit.
    """
    from ahe.jobs.run import run_instruction
    from ahe.views.terminal import watcher

    invocation.folder = folder or invocation.folder
    project = invocation.project(flags(given))
    where = directory.resolve()
    with watcher(sys.stderr) as seen:
        work = run_instruction(project, seen, instruction=instruction, directory=where, rev=rev, apply=apply)
        result = run(work)
    if as_json:
        emit(result)
    else:
        _print(result, where)
    return 0 if result.ended == "answered" else 1


def _print(result: RunResult, where: Path) -> None:
    from ahe.views.text import spent, visible

    # Only the diff goes to stdout, so that it can be piped; a pipe gets it byte for byte.
    click.echo(visible(result.answer).strip() or "(no answer)", err=True)
    if result.diff:
        click.echo(visible(result.diff) if sys.stdout.isatty() else result.diff, nl=False)
    number = len(result.changed)
    what = f"{number} file{'' if number == 1 else 's'} changed" if number else "no file changed"
    kept = (
        f"written to {where}"
        if result.applied
        else f"{where} is as it was; --apply writes, or pipe to `git apply`"
    )
    click.echo(f"{what}{'; ' + kept if result.changed else ''}. {spent(result.usage)}", err=True)
    if result.ended != "answered":
        click.echo(f"The agent did not finish: {result.ended}", err=True)
