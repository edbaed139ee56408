"""`ahe compare`: two versions of the harness, from the trials that exist."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ahe.cli.options import flags, measuring
from ahe.cli.shared import Invocation, emit, page, run, width
from ahe.cli.shared import command as make_command

if TYPE_CHECKING:
    from ahe.records import Split

EXAMPLE = """ahe compare ahe/best HEAD                    # from trials that exist; runs nothing
ahe compare 003-1~1 003-1 --split heldout
ahe compare ahe/best my-branch --rollouts 4  # brings both to four attempts a task"""


@make_command("compare", EXAMPLE)
@click.argument("a")
@click.argument("b", default="HEAD")
@click.option("--split", type=click.Choice(["train", "heldout"]), default="train", show_default=True)
@click.option(
    "--rollouts",
    type=click.IntRange(1),
    help="First bring both versions to so many attempts a task, in turns.",
)
@measuring
def command(
    invocation: Invocation, a: str, b: str, split: Split, rollouts: int | None, as_json: bool, **given: Any
) -> None:
    """Compare version B (default: HEAD) with version A: pass rates, difference with its interval, task by task.

    A and B are commits, branches, tags or change ids. Runs nothing unless --rollouts asks for it. Exit code 0
    whichever is better.
    """
    from ahe.jobs.compare import compare
    from ahe.views.compare import comparison_text
    from ahe.views.terminal import watcher

    project = invocation.project(flags(given))
    with watcher(sys.stderr) as seen:
        result = run(compare(project, a, b, seen, split=split, rollouts=rollouts or 0))
    if as_json:
        emit(result)
        return
    if result.same:
        click.echo(f"{a} and {b} are the very same harness ({result.harnesses[0]}): nothing to compare")
        return
    numbers = (result.tasks, result.rates, result.delta, result.raw_delta, result.score)
    page(comparison_text((a, b), *numbers, width=width()))
    if not result.shared:
        click.echo(f"`ahe compare {a} {b} --rollouts 2` measures both", err=True)
