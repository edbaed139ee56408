"""`ahe show`: one change in full."""

from __future__ import annotations

import click

from ahe.cli.shared import Invocation, emit, find_commit, page
from ahe.cli.shared import command as make_command


@make_command("show", "ahe show 003-1\nahe show ahe/best")
@click.argument("change")
def command(invocation: Invocation, change: str, as_json: bool) -> None:
    """Show one change: its hypothesis, its verdict with the numbers, and its diff.

    CHANGE is a change id, a commit or a tag.
    """
    from ahe.views.record import change_text, log_rows

    history = invocation.project().history()
    commit = find_commit(history, change)
    diff = history.diff(commit.parents[0], commit.sha) if commit.parents else ""
    if as_json:
        row = log_rows([commit])[0].model_dump(mode="json")
        emit({**row, "body": commit.body, "predicts": commit.predicts, "risks": commit.risks, "diff": diff})
    else:
        page(change_text(commit, diff))
