"""`ahe init`: a project in a folder."""

from __future__ import annotations

from pathlib import Path

import click

from ahe.cli.options import suite_path
from ahe.cli.shared import Invocation, Place, make_command, show

EXAMPLE = """ahe init .
ahe init tickets --suite evals/tickets"""


@make_command("init", EXAMPLE)
@click.argument("folder", default=None, required=False, type=Place(file_okay=False))
@click.option("--suite", metavar="PATH", default="", help="The suite (default: evals/shell-basics).")
def command(invocation: Invocation, folder: Path | None, suite: str, as_json: bool) -> None:
    """Make ahe.toml and a workspace in FOLDER (default: this one).

    The workspace is a separate git repository with the seed harness, or with the suite's own where that has one.
    Existing files are kept.
    """
    from ahe.project import project
    from ahe.views.lists import init_text

    root = (folder or invocation.folder or Path.cwd()).resolve()
    made = project.init(root, suite_path(suite) if suite else "")
    show({"root": str(root), "made": made}, as_json, lambda: init_text(made))
