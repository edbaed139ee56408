"""`ahe best`: the best version so far."""

from __future__ import annotations

from pathlib import Path

import click

from ahe.cli.shared import Invocation, Place, make_command, show


@make_command("best", "ahe best\nahe best --export ~/my-harness")
@click.option(
    "--export",
    "to",
    type=Place(file_okay=False),
    help="Copy its files into this folder, which must be new or empty.",
)
def command(invocation: Invocation, to: Path | None, as_json: bool) -> None:
    """Show which version is the best so far, its pass rate against the seed, and how to get it.

    The run moves the tag ahe/best when a version is better with a probability of .93 or more. Runs nothing.
    """
    from ahe.jobs.best import best, export
    from ahe.views.measured import best_text

    project = invocation.project()
    found = best(project)
    files = export(project, found.sha, to) if to else []
    value = {**found.model_dump(mode="json"), "exported": files}
    show(value, as_json, lambda: best_text(found, str(project.config.workspace), to, len(files)))
