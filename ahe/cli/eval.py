"""`ahe eval`: measure one version of the harness."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ahe.cli.options import flags, measuring
from ahe.cli.shared import Invocation, emit, run, width
from ahe.cli.shared import command as make_command

if TYPE_CHECKING:
    from ahe.jobs.evaluate import EvalResult
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
    from ahe.views.terminal import watcher

    project = invocation.project(flags(given))
    with watcher(sys.stderr) as seen:
        work = evaluate(project, seen, rev=rev, split=split, rollouts=rollouts, tasks=tasks)
        result = run(work)
    if as_json:
        emit(result)
    else:
        click.echo(_text(result))


def _text(result: EvalResult) -> str:
    from ahe.views.text import duration, rate, spent, table

    rows = [
        (task, f"{tally.passes} of {tally.n}", rate(tally.rate), str(tally.missing or ""))
        for task, tally in sorted(result.tallies.items())
    ]
    lines = [table(("task", "passed", "rate", "missing"), rows, width(), right="passed rate missing"), ""]
    lines.append(f"pass rate {rate(result.rate)}, the mean over {len(rows)} tasks ({result.label})")
    lines.append(f"{duration(result.seconds)}, {spent(result.usage)}")
    return "\n".join(lines)
