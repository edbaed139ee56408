"""`ahe revert`: a person reverts a change."""

from __future__ import annotations

import click

from ahe.cli.shared import Invocation, make_command, show


@make_command("revert", 'ahe revert 003-1 --reason "it made the answers longer"')
@click.argument("change")
@click.option("--reason", default="", help="Why; kept in the commit and in the note.")
def command(invocation: Invocation, change: str, reason: str, as_json: bool) -> None:
    """Revert CHANGE with `git revert`, in your own name, and note that a person decided so.

    CHANGE is a change id, a commit or a tag. Where later work touched the same lines nothing is done, and the
    choices are listed.
    """
    from ahe.jobs.change import revert
    from ahe.views.record import revert_text

    result = revert(invocation.project(), change, reason)
    show(result, as_json, lambda: revert_text(result))
