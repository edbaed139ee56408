"""`ahe show`: one change in full."""

from __future__ import annotations

import click

from ahe.cli.shared import Invocation, emit, find_commit, page, width
from ahe.cli.shared import command as make_command


@make_command("show", "ahe show 003-1\nahe show ahe/best")
@click.argument("change")
def command(invocation: Invocation, change: str, as_json: bool) -> None:
    """Show one change: hypothesis, verdict with the numbers, predicted against observed, and diff.

    CHANGE is a change id, a commit or a tag. The table of tasks ends with the trials behind it, some of each
    arm: `ahe trace ID` shows one.
    """
    from ahe.jobs.show import measured
    from ahe.views.record import change_text, log_rows
    from ahe.views.tasks import BEFORE_AFTER, task_table

    project = invocation.project()
    history = project.history()
    commit = find_commit(history, change)
    diff = history.diff(commit.parents[0], commit.sha) if commit.parents else ""
    found = measured(project, history, commit)
    if as_json:
        row = log_rows([commit])[0].model_dump(mode="json")
        more = {"body": commit.body, "predicts": commit.predicts, "risks": commit.risks, "diff": diff}
        emit({**row, **more, "measured": found.model_dump(mode="json")})
        return
    attributed = commit.verdict is not None and commit.verdict.leave_one_out is not None
    table = task_table(
        found.tasks,
        predicts=commit.predicts,
        risks=commit.risks,
        trials=found.links(),
        arms=("without", "with") if attributed else BEFORE_AFTER,
        width=width(),
    )
    page(change_text(commit, diff, table if found.tasks else ""))
