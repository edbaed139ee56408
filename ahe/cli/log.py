"""`ahe log`: every change with its verdict."""

from __future__ import annotations

import click

from ahe.cli.shared import Invocation, emit, page, width
from ahe.cli.shared import command as make_command


@make_command("log", "ahe log -n 20")
@click.option("-n", "--limit", type=click.IntRange(1), help="Only the newest.")
def command(invocation: Invocation, limit: int | None, as_json: bool) -> None:
    """List every change with its verdict and the numbers behind it, newest first.

    The same stands in `git log` inside workspace/, as commits, notes and tags.
    """
    from ahe.jobs.best import run_gain
    from ahe.views.compare import gain_line
    from ahe.views.record import log_rows, log_table

    project = invocation.project()
    rows = log_rows(project.history().commits(limit=limit))
    if as_json:
        emit(rows)
        return
    gain = run_gain(project)
    page("\n".join([log_table(rows, width()), *([gain_line(gain)] if gain else [])]))
