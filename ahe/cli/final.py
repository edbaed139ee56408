"""`ahe final`: the claim at the end."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from ahe.cli.options import flags, measuring
from ahe.cli.shared import Invocation, emit, run, width
from ahe.cli.shared import command as make_command

if TYPE_CHECKING:
    from ahe.records import Final

EXAMPLE = """ahe final
ahe final --rollouts 8
ahe final --again "the suite's tasks were mended"   # a second look, and the result says so"""


@make_command("final", EXAMPLE)
@click.option("--rollouts", type=click.IntRange(1), help="Fresh attempts per task and version (default: 4).")
@click.option(
    "--again", default="", metavar="REASON", help="Look a second time; the result states the reason."
)
@measuring
def command(invocation: Invocation, rollouts: int | None, again: str, as_json: bool, **given: Any) -> None:
    """Score the test split once, with fresh rollouts: the seed against ahe/best.

    The result stands in the tag ahe/final-001 of the workspace. A second look is refused unless --again gives a
    reason. What is stopped or killed goes on with the same attempts. Exit code 0 whichever is better.
    """
    from ahe.jobs.final import final
    from ahe.views.terminal import watcher

    project = invocation.project(flags(given))
    with watcher(sys.stderr) as seen:
        result = run(final(project, seen, rollouts=rollouts, again=again.strip()))
    if as_json:
        emit(result.model_dump(mode="json") if result else {"same": True})
    elif result is None:
        click.echo(
            "The best is the seed: there is nothing to compare, and nothing was spent (see `ahe best`)."
        )
    else:
        click.echo(_text(result))


def _text(result: Final) -> str:
    from ahe.views.tasks import task_table
    from ahe.views.text import rate, spent

    plan = result.plan
    over = f"{result.over_tasks} with 90 %" if result.over_tasks else "one task says nothing about others"
    missing = f", {result.missing} missing" if result.missing else ""
    arms = f"{rate(result.seed_rate)} → {rate(result.best_rate)}"
    lines = [
        task_table(result.tasks, width=width()),
        "",
        f"pass rate    {arms} on {len(plan.tasks)} test tasks (seed → best)",
        f"difference   {result.given_tasks} with 90 %, given these tasks; P(better) = {result.score:.3f}",
        f"over tasks   {over}, if these tasks stand for others like them",
        f"rollouts     {plan.rollouts} fresh a task and version, from attempt {plan.first + 1}{missing}",
        f"cost         {spent(result.usage)}",
    ]
    if plan.seen:
        lines.append(f"seen before  {plan.seen} rollouts on these tasks were made before this look")
    if plan.again:
        lines.append(f"again        look {plan.look}: {plan.again}")
    lines += ["", f"kept in the tag ahe/final-{plan.look:03d} of the workspace"]
    return "\n".join(lines)
