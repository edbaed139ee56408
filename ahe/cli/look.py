"""The short commands that look at the record: log, show, diff, compare, best, components."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from ahe.cli.options import flags, measuring
from ahe.cli.shared import Invocation, Place, make_command, run, show, tell, width


@make_command("log", "ahe log -n 20")
@click.option("-n", "--limit", type=click.IntRange(1), help="Only the newest.")
def log(invocation: Invocation, limit: int | None, as_json: bool) -> None:
    """List every change with its verdict and the numbers behind it, newest first.

    `git log` inside workspace/ shows the same, as commits, notes and tags.
    """
    from ahe.jobs.best import run_gain
    from ahe.views.record import log_rows, log_text

    project = invocation.project()
    commits = project.history().commits(limit=limit)
    show(log_rows(commits), as_json, lambda: log_text(commits, run_gain(project), width()))


@make_command("show", "ahe show 003-1\nahe show ahe/best")
@click.argument("change")
def show_change(invocation: Invocation, change: str, as_json: bool) -> None:
    """Show one change: hypothesis, verdict with the numbers, predicted against observed, and diff.

    CHANGE is a change id, a commit or a tag. The table of tasks ends with the trials behind it, some of each
    arm: `ahe trace ID` shows one.
    """
    from ahe.jobs.change import find_commit, measured
    from ahe.views.record import change_record, change_text

    project = invocation.project()
    history = project.history()
    commit = find_commit(history, change)
    text = history.diff(commit.parents[0], commit.sha) if commit.parents else ""
    found = measured(project, history, commit)
    show(change_record(commit, text, found), as_json, lambda: change_text(commit, text, found, width()))


@make_command("diff", "ahe diff ahe/iter-001 ahe/best\nahe diff 003-1          # from there to HEAD")
@click.argument("a")
@click.argument("b", default="HEAD")
def diff(invocation: Invocation, a: str, b: str, as_json: bool) -> None:
    """Show what differs from version A to version B (default: HEAD), as git does.

    A and B are commits, tags or change ids. Exit code 0 whether they differ or not.
    """
    history = invocation.project().history()
    first, second = history.resolve(a), history.resolve(b)
    text = history.diff(first, second)
    show({"a": first, "b": second, "diff": text}, as_json, lambda: text)
    if not as_json and not text:
        tell(f"{a} and {b} do not differ")


COMPARE = """ahe compare ahe/best HEAD                    # from trials that exist; runs nothing
ahe compare 003-1~1 003-1 --split heldout
ahe compare ahe/best my-branch --rollouts 4  # brings both to four attempts per task"""


@make_command("compare", COMPARE)
@click.argument("a")
@click.argument("b", default="HEAD")
@click.option("--split", type=click.Choice(["train", "heldout"]), default="train", show_default=True)
@click.option(
    "--rollouts",
    type=click.IntRange(1),
    help="First bring both versions to this many attempts per task, in turns.",
)
@measuring
def compare(invocation: Invocation, a: str, b: str, as_json: bool, **given: Any) -> None:
    """Compare version B (default: HEAD) with version A: pass rates, difference with its interval, task by task.

    A and B are commits, branches, tags or change ids. Runs nothing unless --rollouts asks for it. Exit code 0
    whichever is better.
    """
    from ahe.jobs import compare as job
    from ahe.views.measured import comparison_text

    project = invocation.project(flags(given))
    result = run(lambda seen: job.compare(project, a, b, seen, **given))
    show(result, as_json, lambda: comparison_text((a, b), result, width()))
    if not as_json and not result.same and not result.shared:
        tell(f"`ahe compare {a} {b} --rollouts 2` measures both")


@make_command("best", "ahe best\nahe best --export ~/my-harness")
@click.option(
    "--export",
    "to",
    type=Place(file_okay=False),
    help="Copy its files into this folder, which must be new or empty.",
)
def best(invocation: Invocation, to: Path | None, as_json: bool) -> None:
    """Show which version is the best so far, its pass rate against the seed, and how to get it.

    The run moves the tag ahe/best when a version is better with a probability of .93 or more. Runs nothing.
    """
    from ahe.jobs import best as job
    from ahe.views.measured import best_text

    project = invocation.project()
    found = job.best(project)
    files = job.export(project, found.sha, to) if to else []
    value = {**found.model_dump(mode="json"), "exported": files}
    show(value, as_json, lambda: best_text(found, str(project.config.workspace), to, len(files)))


@make_command("components", "ahe components ahe/best")
@click.argument("rev", default="HEAD")
def components(invocation: Invocation, rev: str, as_json: bool) -> None:
    """List the components of version REV (default: HEAD), all seven kinds, empty ones too.

    Tokens are estimated; uses are counted in the trials of this version.
    """
    from ahe.views.lists import components_table

    found = invocation.project().components(rev)
    show(found, as_json, lambda: components_table(found, width()))
