"""`ahe gate`: what the gate's verdicts are worth on a suite of this size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ahe.cli.shared import Group, Invocation, make_command, show, width


@click.group("gate", cls=Group)
def command() -> None:
    """Show what the gate keeps, and what that costs."""


@make_command("simulate", "ahe gate simulate --tasks 40 --rollouts 2 --points 8")
@click.option("--tasks", type=click.IntRange(2), help="Number of tasks (default: the suite's train split).")
@click.option("--rollouts", type=click.IntRange(1), help="Plain rollouts of a task (default: as configured).")
@click.option("--gate", metavar="NAME", help="Default: as configured; docs/gate.md describes each.")
@click.option(
    "--points", multiple=True, type=float, help="Size of an edit, may be repeated (default: 15, 5, -5, -15)."
)
@click.option(
    "--runs", type=click.IntRange(1), default=200, show_default=True, help="Simulated edits per line."
)
@click.option(
    "--csv",
    "matrix",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Outcomes to resample: columns task,trial,resolved.",
)
def simulate(invocation: Invocation, as_json: bool, **given: Any) -> None:
    """Simulate edits of known size and let the gate judge them: the share kept, and the rollouts it takes.

    Sparse edits change a few tasks much, dense ones every task a little; churn moves tasks up and down with
    no gain, a no-op changes nothing. No model is asked, and no task is held out. Of the ceiling [evolve] comparison
    only the limit on rollouts counts.
    """
    from ahe.jobs.calibrate import simulate as simulate_edits
    from ahe.views.studies import simulation_table

    results = simulate_edits(invocation.project(), **given)
    show(results, as_json, lambda: simulation_table(results, width()))


command.add_command(simulate)
