"""`ahe init`: a project in a folder."""

from __future__ import annotations

from pathlib import Path

import click

from ahe.cli.shared import Invocation, Place, make_command, show


@make_command("init", "ahe init .")
@click.argument("folder", default=None, required=False, type=Place(file_okay=False))
def command(invocation: Invocation, folder: Path | None, as_json: bool) -> None:
    """Make ahe.toml and a workspace in FOLDER (default: this one).

    The workspace is a separate git repository with the seed harness. Existing files are kept.
    """
    from ahe.project import project
    from ahe.views.lists import init_text

    root = (folder or invocation.folder or Path.cwd()).resolve()
    made = project.init(root)
    show({"root": str(root), "made": made}, as_json, lambda: init_text(made))
