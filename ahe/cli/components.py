"""`ahe components`: the inventory of the seven kinds."""

from __future__ import annotations

import click

from ahe.cli.shared import Invocation, make_command, show, width


@make_command("components", "ahe components ahe/best")
@click.argument("rev", default="HEAD")
def command(invocation: Invocation, rev: str, as_json: bool) -> None:
    """List the components of version REV (default: HEAD), all seven kinds, empty ones too.

    Tokens are estimated; uses are counted in the trials of this version.
    """
    from ahe.views.lists import components_table

    found = invocation.project().components(rev)
    show(found, as_json, lambda: components_table(found, width()))
