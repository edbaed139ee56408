"""`ahe compare`: two versions of the harness, from the trials that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ahe.cli.options import flags, measuring
from ahe.cli.shared import Invocation, make_command, run, show, tell, width

if TYPE_CHECKING:
    from ahe.records import Split

EXAMPLE = """ahe compare ahe/best HEAD                    # from trials that exist; runs nothing
ahe compare 003-1~1 003-1 --split heldout
ahe compare ahe/best my-branch --rollouts 4  # brings both to four attempts per task"""


@make_command("compare", EXAMPLE)
@click.argument("a")
@click.argument("b", default="HEAD")
@click.option("--split", type=click.Choice(["train", "heldout"]), default="train", show_default=True)
@click.option(
    "--rollouts",
    type=click.IntRange(1),
    help="First bring both versions to this many attempts per task, in turns.",
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
    from ahe.views.measured import comparison_text

    project = invocation.project(flags(given))
    result = run(lambda seen: compare(project, a, b, seen, split=split, rollouts=rollouts or 0))
    show(result, as_json, lambda: comparison_text((a, b), result, width()))
    if not as_json and not result.same and not result.shared:
        tell(f"`ahe compare {a} {b} --rollouts 2` measures both")
