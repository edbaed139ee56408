"""`ahe calibrate`: how noisy the suite is, and which effects the gate detects above the noise."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from ahe.cli.options import flags, measuring
from ahe.cli.shared import Invocation, Place, make_command, run, show

EXAMPLE = """ahe calibrate                                # HEAD against itself, 4 rollouts a task
ahe calibrate --points 5 --points 10         # what detecting such rises takes
ahe calibrate --csv matrix.csv               # task,trial,resolved: for benchmarks.gate --csv"""


@make_command("calibrate", EXAMPLE)
@click.argument("rev", default="HEAD")
@click.option(
    "--rollouts",
    "attempts",
    type=click.IntRange(2),
    default=4,
    show_default=True,
    help="Attempts per task, at least.",
)
@click.option(
    "--points",
    multiple=True,
    type=click.FloatRange(0.1, 100),
    default=(5.0,),
    show_default=True,
    help="A rise in points: show what it takes to detect it (may be repeated).",
)
@click.option("--csv", "table", type=Place(dir_okay=False), help="Write the outcomes here.")
@measuring
def command(
    invocation: Invocation,
    rev: str,
    attempts: int,
    points: tuple[float, ...],
    table: Path | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Measure version REV of the harness (default: HEAD) against itself on train.

    Trials that exist already are read, not run. It shows how far two arms of the same harness differ, whether rollouts
    are copies of each other, the smallest effect that the gate detects, and what a given effect needs. Ctrl-C stops it
    cleanly; the same command continues from there.
    """
    from ahe.events import Notice
    from ahe.jobs.calibrate import calibrate, calibration, write_matrix
    from ahe.views.progress import watcher
    from ahe.views.studies import calibration_text

    if table is not None and not table.absolute().parent.is_dir():
        raise click.UsageError(f"{table.parent} is not a folder: --csv takes a file in one that is there")
    project = invocation.project(flags(given))
    rollouts = run(lambda seen: calibrate(project, seen, rev=rev, rollouts=attempts))
    if table is not None:
        write_matrix(table, rollouts.trials)
    with watcher(sys.stderr) as seen:
        seen.emit(Notice("simulating the gate on this suite"))
        result = calibration(project, rollouts, points)
    show(result, as_json, lambda: calibration_text(result))
