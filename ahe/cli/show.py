"""`ahe show`: one change in full."""

from __future__ import annotations

import click

from ahe.cli.shared import Invocation, make_command, show, width


@make_command("show", "ahe show 003-1\nahe show ahe/best")
@click.argument("change")
def command(invocation: Invocation, change: str, as_json: bool) -> None:
    """Show one change: hypothesis, verdict with the numbers, predicted against observed, and diff.

    CHANGE is a change id, a commit or a tag. The table of tasks ends with the trials behind it, some of each
    arm: `ahe trace ID` shows one.
    """
    from ahe.jobs.change import find_commit, measured
    from ahe.views.record import change_record, change_text

    project = invocation.project()
    history = project.history()
    commit = find_commit(history, change)
    diff = history.diff(commit.parents[0], commit.sha) if commit.parents else ""
    found = measured(project, history, commit)
    show(change_record(commit, diff, found), as_json, lambda: change_text(commit, diff, found, width()))
