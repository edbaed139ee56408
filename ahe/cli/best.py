"""`ahe best`: the best version so far."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ahe.cli.shared import Invocation, emit
from ahe.cli.shared import command as make_command

if TYPE_CHECKING:
    from ahe.jobs.best import Best


@make_command("best", "ahe best\nahe best --export ~/my-harness")
@click.option(
    "--export",
    "to",
    type=click.Path(path_type=Path, file_okay=False),
    help="Copy its files into this folder, which must be new or empty.",
)
def command(invocation: Invocation, to: Path | None, as_json: bool) -> None:
    """Show which version is the best so far, its pass rate against the seed, and how to get it.

    The run moves the tag ahe/best when a version is better with a probability of .93 or more. Runs nothing.
    """
    from ahe.jobs.best import best, export

    project = invocation.project()
    found = best(project)
    files = export(project, found.sha, to) if to else []
    if as_json:
        emit({**found.model_dump(mode="json"), "exported": files})
        return
    click.echo(_text(found, str(project.config.workspace)))
    if to:
        click.echo(f"\nexported {len(files)} files to {to}")


def _text(found: Best, workspace: str) -> str:
    from ahe.views.compare import summary
    from ahe.views.text import visible

    tags = ", ".join(tag.removeprefix("ahe/") for tag in found.tags)
    lines = [f"{found.sha[:10]} {visible(found.subject)}" + (f" ({tags})" if tags else "")]
    if found.behind:
        lines.append(f"HEAD is {found.behind} commit{'s' if found.behind > 1 else ''} further")
    if not found.moved:
        lines.append("This is the seed: nothing was shown to be better with a probability of .93 yet.")
    else:
        train = found.train
        numbers = (train.tasks, train.rates, train.delta, train.raw_delta, train.score, train.gain)
        lines += ["", *summary(("seed", "best"), *numbers)]
        lines.append(f"{'':12} on train, which it was chosen by; `ahe final` makes a claim on test")
    if found.final:
        lines += [
            "",
            f"{'test split':12} {found.final.given_tasks} with 90 %, given these tasks (`ahe final`)",
        ]
    lines += [
        "",
        "to look at it:  git -C " + workspace + " switch --detach ahe/best   (`switch -` goes back)",
        "to take it:     ahe best --export DIR",
    ]
    return "\n".join(lines)
