"""`ahe evolve`: the loop."""

from __future__ import annotations

from typing import Any

import click

from ahe.cli.options import evidence, flags, measuring
from ahe.cli.shared import Invocation, make_command, run, show, width

EXAMPLE = """ahe evolve --iterations 3
ahe evolve --quick --iterations 1            # a first improvement in minutes
ahe evolve --dry-run                         # what it would take; spends nothing
ahe evolve --model gpt-5-mini --base-url https://api.openai.com/v1 --usd 1"""


@make_command("evolve", EXAMPLE)
@click.option("-n", "--iterations", type=click.IntRange(0), help="How many iterations at most.")
@click.option("--rollouts", type=click.IntRange(1), help="Attempts per task, before the gate asks for more.")
@click.option("--strategy", metavar="NAME|FILE", help="A preset for [evolve]; `ahe strategies` lists them.")
@click.option("--dry-run", is_flag=True, help="Estimate rollouts, tokens, money and time, and stop there.")
@evidence
@measuring
def command(
    invocation: Invocation, iterations: int | None, dry_run: bool, as_json: bool, **given: Any
) -> None:
    """Improve the harness: measure, explain the failures, edit, measure again, keep or git revert.

    Ctrl-C stops it cleanly at any time, and the same command continues from there: finished work is not paid for
    twice. Exit code 0 also where no change was kept.
    """
    from ahe.jobs.estimate import estimate
    from ahe.jobs.evolve import evolve
    from ahe.views.studies import estimate_table, evolve_text

    project = invocation.project(flags(given))
    if dry_run:
        found = estimate(project, iterations=iterations)
        show(found, as_json, lambda: estimate_table(found, width()))
        return
    result = run(lambda seen: evolve(project, seen, iterations=iterations))
    show(result, as_json, lambda: evolve_text(result))
