"""`ahe diff`: what differs between two versions of the harness."""

from __future__ import annotations

import sys

import click

from ahe.cli.shared import Invocation, emit, page
from ahe.cli.shared import command as make_command


@make_command("diff", "ahe diff ahe/iter-001 ahe/best\nahe diff 003-1          # from there to HEAD")
@click.argument("a")
@click.argument("b", default="HEAD")
def command(invocation: Invocation, a: str, b: str, as_json: bool) -> None:
    """Show what differs from version A to version B (default: HEAD), as git does.

    A and B are commits, tags or change ids. Exit code 0 whether they differ or not.
    """
    from ahe.views.text import visible

    history = invocation.project().history()
    first, second = history.resolve(a), history.resolve(b)
    text = history.diff(first, second)
    if as_json:
        emit({"a": first, "b": second, "diff": text})
    elif text:
        # What an agent wrote is not sent to a terminal raw; a pipe gets it byte for byte.
        page(visible(text) if sys.stdout.isatty() else text)
    else:
        click.echo(f"{a} and {b} do not differ", err=True)
