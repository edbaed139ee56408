"""`ahe evolve`: the loop."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ahe.cli.options import evidence, flags, measuring
from ahe.cli.shared import Invocation, emit, run, width
from ahe.cli.shared import command as make_command

if TYPE_CHECKING:
    from ahe.project.project import Project

EXAMPLE = """ahe evolve --iterations 3
ahe evolve --quick --iterations 1            # a first improvement in minutes
ahe evolve --dry-run                         # what it would take; spends nothing
ahe evolve --model gpt-5-mini --base-url https://api.openai.com/v1 --usd 1"""


@make_command("evolve", EXAMPLE)
@click.option("-n", "--iterations", type=click.IntRange(0), help="How many iterations at most.")
@click.option("--rollouts", type=click.IntRange(1), help="Attempts per task, before the gate asks for more.")
@click.option("--dry-run", is_flag=True, help="Estimate rollouts, tokens, money and time, and stop there.")
@evidence
@measuring
def command(
    invocation: Invocation, iterations: int | None, dry_run: bool, as_json: bool, **given: Any
) -> None:
    """Improve the harness: measure, explain the failures, edit, measure again, keep or git revert.

    Ctrl-C stops it cleanly at any time, and the same command goes on from there: nothing that is finished is
    paid for twice. Exit code 0 also where no change was kept: that is an answer.
    """
    from ahe.jobs.evolve import evolve
    from ahe.views.terminal import watcher
    from ahe.views.text import duration, spent

    project = invocation.project(flags(given))
    if dry_run:
        _estimate(project, iterations, as_json)
        return
    with watcher(sys.stderr) as seen:
        result = run(evolve(project, seen, iterations=iterations))
    if as_json:
        emit(result)
        return
    done = len(result.iterations)
    click.echo(
        f"{done} iteration{'' if done == 1 else 's'} in {duration(result.seconds)}, {spent(result.usage)}"
    )
    click.echo(f"Stopped: {result.stopped}. `ahe log` shows every change with its verdict.")


def _estimate(project: Project, iterations: int | None, as_json: bool) -> None:
    from ahe.jobs.estimate import estimate
    from ahe.views.estimate import estimate_table

    found = estimate(project, iterations=iterations)
    if as_json:
        emit(found)
    else:
        click.echo(estimate_table(found, width()))
