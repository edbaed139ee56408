"""`ahe eval`: measure one version of the harness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from ahe.cli.options import flags, measuring
from ahe.cli.shared import Invocation, make_command, run, show, width

if TYPE_CHECKING:
    from ahe.records import Split

EXAMPLE = """ahe eval                                     # HEAD on train
ahe eval ahe/best --split test --rollouts 4
ahe eval HEAD~1 --task count-distinct-cities"""


@make_command("eval", EXAMPLE)
@click.argument("rev", default="HEAD")
@click.option("--split", type=click.Choice(["train", "heldout", "test"]), default="train", show_default=True)
@click.option("--task", "tasks", multiple=True, metavar="NAME", help="Only this task (may be repeated).")
@click.option("--rollouts", type=click.IntRange(1), help="Attempts per task.")
@measuring
def command(
    invocation: Invocation,
    rev: str,
    split: Split,
    tasks: tuple[str, ...],
    rollouts: int | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Measure version REV of the harness (default: HEAD). Trials that exist already are read, not run.

    REV is a commit, a tag such as ahe/best, or a change id. Exit code 0 whatever the pass rate.
    """
    from ahe.jobs.evaluate import evaluate
    from ahe.views.measured import evaluation_text

    project = invocation.project(flags(given))
    result = run(lambda seen: evaluate(project, seen, rev=rev, split=split, rollouts=rollouts, tasks=tasks))
    show(result, as_json, lambda: evaluation_text(result, width()))
