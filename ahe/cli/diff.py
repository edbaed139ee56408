"""`ahe diff`: what differs between two versions of the harness."""

from __future__ import annotations

import click

from ahe.cli.shared import Invocation, make_command, show, tell


@make_command("diff", "ahe diff ahe/iter-001 ahe/best\nahe diff 003-1          # from there to HEAD")
@click.argument("a")
@click.argument("b", default="HEAD")
def command(invocation: Invocation, a: str, b: str, as_json: bool) -> None:
    """Show what differs from version A to version B (default: HEAD), as git does.

    A and B are commits, tags or change ids. Exit code 0 whether they differ or not.
    """
    history = invocation.project().history()
    first, second = history.resolve(a), history.resolve(b)
    text = history.diff(first, second)
    show({"a": first, "b": second, "diff": text}, as_json, lambda: text)
    if not as_json and not text:
        tell(f"{a} and {b} do not differ")
