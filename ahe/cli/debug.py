"""`ahe debug`: the Agent Debugger on one version."""

from __future__ import annotations

import sys
from typing import Any

import click

from ahe.cli.options import flags, thinking
from ahe.cli.shared import Invocation, emit, page, run
from ahe.cli.shared import command as make_command


@make_command("debug", "ahe debug HEAD > report.md")
@click.argument("rev", default="HEAD")
@thinking
def command(invocation: Invocation, rev: str, as_json: bool, **given: Any) -> None:
    """Explain the failures of version REV (default: HEAD), from its trials on train.

    The report goes to stdout; the trials must be there (`ahe eval`).
    """
    from ahe.jobs.explain import debug
    from ahe.views.terminal import watcher
    from ahe.views.text import visible

    project = invocation.project(flags(given))
    with watcher(sys.stderr) as seen:
        result = run(debug(project, seen, rev=rev))
    if as_json:
        emit(result)
        return
    page(visible(result.report))
    click.echo(f"{result.tokens} tokens, kept at {result.path}", err=True)
