"""`ahe run`: the evolved agent on a directory of the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ahe.cli.options import flags, working
from ahe.cli.shared import Invocation, Place, make_command, run, show, tell

EXAMPLE = """ahe run "add a --verbose flag to cli.py" -C ~/code/tool
ahe run "sort the imports" --apply"""


@make_command("run", EXAMPLE, project=False)
@click.argument("instruction")
@click.option(
    "-C",
    "--directory",
    type=Place(exists=True, file_okay=False),
    default=".",
    help="Where the agent works (default: here).",
)
@click.option("--project", "folder", type=Place(), help="The project's folder.")
@click.option("--rev", default="HEAD", show_default=True, help="Which version of the harness.")
@click.option("--apply", is_flag=True, help="Merge the changes into the directory when the agent is done.")
@click.option("--all", "everything", is_flag=True, help="Give the agent also what git ignores.")
@working
def command(
    invocation: Invocation,
    instruction: str,
    directory: Path,
    folder: Path | None,
    rev: str,
    apply: bool,
    everything: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Let the evolved agent do INSTRUCTION on a copy of a directory, in the sandbox, and show the diff.

    Without --apply the directory stays as it is; the diff on stdout is one that `git apply` takes. What you
    changed meanwhile stays; where the agent changed it too, both are merged, or it is left to you and named.
    Exit code 1 where that happened, and where the agent gave up or ran into a limit.
    """
    from ahe.jobs.run import run_instruction
    from ahe.views.measured import run_text
    from ahe.views.text import visible

    invocation.folder = folder or invocation.folder
    project = invocation.project(flags(given))
    where = directory.resolve()
    result = run(
        lambda seen: run_instruction(
            project,
            seen,
            instruction=instruction,
            directory=where,
            rev=rev,
            apply=apply,
            everything=everything,
        )
    )
    if not as_json:
        click.echo(visible(result.answer).strip() or "(no answer)", err=True)
    # Only the diff goes to stdout, so that it can be piped.
    show(result, as_json, lambda: result.diff)
    if not as_json:
        tell(run_text(result, where))
    return 0 if result.ended == "answered" and not result.collided else 1
