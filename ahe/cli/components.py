"""`ahe components`: the inventory of the seven kinds."""

from __future__ import annotations

import click

from ahe.cli.shared import Invocation, emit, width
from ahe.cli.shared import command as make_command


@make_command("components", "ahe components ahe/best")
@click.argument("rev", default="HEAD")
def command(invocation: Invocation, rev: str, as_json: bool) -> None:
    """List the components of version REV (default: HEAD), all seven kinds, empty ones too.

    Tokens are estimated; uses are counted in the trials of this version.
    """
    from ahe.views.components import components_table

    found = invocation.project().components(rev)
    if as_json:
        emit(found)
    else:
        click.echo(components_table(found, width()))
