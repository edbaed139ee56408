"""`ahe final`: the claim at the end."""

from __future__ import annotations

from typing import Any

import click

from ahe.cli.options import flags, measuring
from ahe.cli.shared import Invocation, make_command, run, show, width

EXAMPLE = """ahe final
ahe final --rollouts 8
ahe final --again "the suite's tasks were fixed"   # a second look, and the result says so"""


@make_command("final", EXAMPLE)
@click.option("--rollouts", type=click.IntRange(1), help="Fresh attempts per task and version (default: 4).")
@click.option(
    "--again", default="", metavar="REASON", help="Look a second time; the result states the reason."
)
@measuring
def command(invocation: Invocation, rollouts: int | None, again: str, as_json: bool, **given: Any) -> None:
    """Score the test split once, with fresh rollouts: the seed against ahe/best.

    The result is kept in the tag ahe/final-001 of the workspace. A second look is refused unless --again gives a
    reason. After a stop or a kill it continues with the same attempts. Exit code 0 whichever is better.
    """
    from ahe.jobs.final import final
    from ahe.views.measured import final_text

    project = invocation.project(flags(given))
    result = run(lambda seen: final(project, seen, rollouts=rollouts, again=again.strip()))
    show(result or {"same": True}, as_json, lambda: final_text(result, width()))
