"""`ahe init`: a project in a folder."""

from __future__ import annotations

from pathlib import Path

import click

from ahe.cli.shared import Invocation, emit
from ahe.cli.shared import command as make_command


@make_command("init", "ahe init .")
@click.argument("folder", default=None, required=False, type=click.Path(path_type=Path, file_okay=False))
def command(invocation: Invocation, folder: Path | None, as_json: bool) -> None:
    """Make ahe.toml and a workspace in FOLDER (default: this one).

    The workspace is a git repository of its own with the seed harness. What is there already is kept.
    """
    from ahe.project import project

    root = (folder or invocation.folder or Path.cwd()).resolve()
    root.mkdir(parents=True, exist_ok=True)
    made = project.init(root)
    if as_json:
        emit({"root": str(root), "made": made})
        return
    for line in made:
        click.echo(line)
    click.echo("Next: `ahe doctor` checks this machine, then `ahe evolve`.")
