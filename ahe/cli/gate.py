"""`ahe gate`: what the gate's verdicts are worth on a suite of this size."""

from __future__ import annotations

from pathlib import Path

import click

from ahe.cli.shared import Group, Invocation, emit, width
from ahe.cli.shared import command as make_command

SIZES = (15.0, 5.0, -5.0, -15.0)


@click.group("gate", cls=Group)
def command() -> None:
    """Show what the gate keeps, and what that costs."""


@make_command("simulate", "ahe gate simulate --tasks 40 --rollouts 2 --points 8")
@click.option("--tasks", type=click.IntRange(2), help="Number of tasks (default: the suite's train split).")
@click.option("--rollouts", type=click.IntRange(1), help="Plain rollouts of a task (default: as configured).")
@click.option(
    "--gate", "name", metavar="NAME", help="bayes, strict, pareto, greedy or flips (default: as configured)."
)
@click.option(
    "--points", multiple=True, type=float, help=f"Size of an edit, may be repeated (default: {SIZES})."
)
@click.option(
    "--runs", type=click.IntRange(1), default=200, show_default=True, help="Simulated edits a line."
)
@click.option(
    "--csv",
    "matrix",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Outcomes to resample: columns task,trial,resolved.",
)
def simulate(
    invocation: Invocation,
    tasks: int | None,
    rollouts: int | None,
    name: str | None,
    points: tuple[float, ...],
    runs: int,
    matrix: Path | None,
    as_json: bool,
) -> None:
    """Play made edits of known size through the gate: the share kept, and the rollouts of a comparison.

    Sparse edits change a few tasks much, dense ones every task a little; churn moves tasks up and down with
    no gain, a no-op changes nothing. No model is asked. No task is held out.
    Of the ceiling [evolve] comparison its rollouts count.
    """
    from ahe.gate.choose import make_gate
    from ahe.power.simulate import simulate as play
    from ahe.power.worlds import Edit, read_matrix
    from ahe.records import Ceiling
    from ahe.views.text import table

    project = invocation.project()
    config = project.config.evolve
    count = tasks or len(project.tasks_in_use(project.suite())[0])
    edits = [*(Edit(s, p) for p in points or SIZES for s in ("sparse", "dense")), Edit("churn"), Edit("noop")]
    rates = read_matrix(matrix) if matrix else ()
    gate = make_gate(name or config.gate, ceiling=Ceiling(rollouts=config.comparison.rollouts))
    shares = [
        play(lambda: gate, edit, tasks=count, rollouts=rollouts or config.rollouts, runs=runs, matrix=rates)
        for edit in edits
    ]
    if as_json:
        emit(shares)
        return
    rows = [
        (
            s.edit,
            f"{s.true_points:+.1f}",
            f"{100 * s.kept:.0f} % ± {100 * s.kept_se:.0f}",
            f"{s.rollouts:.0f}",
        )
        for s in shares
    ]
    click.echo(table(("edit", "true points", "kept", "rollouts"), rows, width(), right="kept rollouts"))
    click.echo(f"\n{count} tasks, gate {gate.name}, {runs} simulated edits a line")


command.add_command(simulate)
