"""`ahe revert`: a person takes a change back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ahe.cli.shared import Invocation, emit, find_commit
from ahe.cli.shared import command as make_command

if TYPE_CHECKING:
    from ahe.history import Commit
    from ahe.records import Verdict


@make_command("revert", 'ahe revert 003-1 --reason "it made the answers longer"')
@click.argument("change")
@click.option("--reason", default="", help="Why; it stands in the commit and in the note.")
def command(invocation: Invocation, change: str, reason: str, as_json: bool) -> None:
    """Take CHANGE back with `git revert`, in your own name, and note that a person decided so.

    CHANGE is a change id, a commit or a tag. Where later work touched the same lines nothing is done, and the
    choices are listed.
    """
    from ahe.errors import TaskError, UsageError
    from ahe.jobs.best import retag_best
    from ahe.jobs.compare import known_rate
    from ahe.views.text import visible

    project = invocation.project()
    history = project.history()
    with history.locked():
        commit = find_commit(history, change)
        new = history.revert(commit.sha, f"{reason}\nAhe-Verdict: reverted", person=True)
        # After the revert: a note without it would be completed by the next run, a conflict notwithstanding.
        history.note(commit.sha, _verdict(commit, reason))
        moved = retag_best(history)
    harness = history.harness_id(new)
    try:
        known, rollouts = known_rate(project, harness)
    except (TaskError, UsageError):
        # Taking a change back must not depend on a suite that cannot be read now.
        known, rollouts = None, 0
    if as_json:
        measured = {"harness": harness, "measured": known is not None, "rate": known, "rollouts": rollouts}
        emit({"reverted": commit.sha, "commit": new, "best": moved and moved.sha, **measured})
        return
    click.echo(f"reverted {commit.sha[:10]} {visible(commit.subject)} in {new[:10]}")
    click.echo(_known(known, rollouts))
    if moved:
        click.echo(
            f"ahe/best held this change: it now names {moved.sha[:10]} {visible(moved.subject)}, what stood before. "
            "The next `ahe evolve` moves it on where HEAD is better."
        )


def _known(known: float | None, rollouts: int) -> str:
    from ahe.views.text import rate

    if known is None:
        return "This harness is new: the next `ahe evolve` measures it."
    return (
        f"This harness was measured before: {rate(known)} on train in {rollouts} rollouts. With the same model and "
        "limits the next `ahe evolve` reads them and runs none again."
    )


def _verdict(commit: Commit, reason: str) -> Verdict:
    """The verdict so far, with its numbers, and the person's decision over it."""
    from ahe.records import Verdict

    decided = {"outcome": "reverted", "decided_by": "person", "reason": reason or "a person took it back"}
    return Verdict.model_validate({**(commit.verdict.model_dump() if commit.verdict else {}), **decided})
