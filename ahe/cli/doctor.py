"""`ahe doctor`: what this machine has, what is missing, and the fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ahe.cli.shared import Invocation, emit
from ahe.cli.shared import command as make_command

if TYPE_CHECKING:
    from ahe.jobs.doctor import Finding


@make_command("doctor", "ahe doctor")
def command(invocation: Invocation, as_json: bool) -> int:
    """Check this machine and this project, and say what is missing and how to mend it. No paid call is made.

    Exit code 1 where something that is needed is missing.
    """
    from ahe.jobs.doctor import examine
    from ahe.project.config import load_config

    findings = examine(load_config(invocation.root))
    if as_json:
        emit(findings)
    else:
        for finding in findings:
            _print(finding)
    return 1 if any(finding.state == "missing" for finding in findings) else 0


def _print(finding: Finding) -> None:
    from ahe.views.text import visible

    colour = {"ok": "green", "missing": "red", "optional": "yellow"}[finding.state]
    state = click.style(f"{finding.state:9}", fg=colour)
    click.echo(f"{state} {finding.name:15} {visible(finding.what)}")
    if finding.fix:
        click.echo(f"{'':25} → {visible(finding.fix)}")
