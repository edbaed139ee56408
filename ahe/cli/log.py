"""`ahe log`: every change with its verdict."""

from __future__ import annotations

import click

from ahe.cli.shared import Invocation, make_command, show, width


@make_command("log", "ahe log -n 20")
@click.option("-n", "--limit", type=click.IntRange(1), help="Only the newest.")
def command(invocation: Invocation, limit: int | None, as_json: bool) -> None:
    """List every change with its verdict and the numbers behind it, newest first.

    `git log` inside workspace/ shows the same, as commits, notes and tags.
    """
    from ahe.jobs.best import run_gain
    from ahe.views.record import log_rows, log_text

    project = invocation.project()
    commits = project.history().commits(limit=limit)
    show(log_rows(commits), as_json, lambda: log_text(commits, run_gain(project), width()))
