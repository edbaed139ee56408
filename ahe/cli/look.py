"""Commands that look at what is there: log, show, diff, compare, best, trace, components."""

import re
import sys
from pathlib import Path
from typing import Any

import click

from ahe.cli.options import flags, measuring
from ahe.cli.shared import Invocation, Place, make_command, printing, run, show, tell, width


@make_command("log", "ahe log -n 20")
@click.option("-n", "--limit", type=click.IntRange(1), help="Only the newest.")
@click.option("--all", "every", is_flag=True, help="Then the variants that HEAD does not contain.")
def log(invocation: Invocation, limit: int | None, every: bool, as_json: bool) -> None:
    """List every change with its verdict and the numbers behind it, newest first.

    `git log` inside workspace/ shows the same, as commits, notes and tags.
    """
    from ahe.jobs.best import run_gain
    from ahe.views.record import log_rows, log_text

    project = invocation.project()
    history = project.history()
    commits = [*history.commits(limit=limit), *(history.variants()[:limit] if every else ())]
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


Span = tuple[int, int]


def _span(ctx: click.Context, param: click.Parameter, value: str | None) -> Span | None:
    if value is None:
        return None
    match = re.fullmatch(r"(\d+)-(\d+)", value)
    if match is None:
        raise click.BadParameter(f"{value!r} is not two numbers: write it as 120-480", ctx, param)
    return int(match[1]), int(match[2])


@make_command(
    "trace", "ahe trace 1a2b3c4d\nahe trace 1a2b3c4d#7:120-480 --raw\nahe trace session --in ~/sessions"
)
@click.argument("trial")
@click.option("--step", type=click.IntRange(0), help="Only this step.")
@click.option("--range", "span", metavar="A-B", callback=_span, help="Only these bytes of the step.")
@click.option("--raw", is_flag=True, help="The bytes as they were recorded; without it, cleaned.")
@click.option("--in", "path", type=Place(), help="A file or folder of any tool's traces.")
def trace(
    invocation: Invocation,
    trial: str,
    step: int | None,
    span: Span | None,
    raw: bool,
    path: Path | None,
    as_json: bool,
) -> None:
    """Show what happened in a trial, step by step.

    TRIAL is its id or the beginning of it; step and bytes may follow as in a report: TRIAL#STEP:A-B. Markers ⟦…⟧
    say what is left out and where to find it.
    """
    from ahe.debug.clean import show as show_trace
    from ahe.debug.clean.pointers import Place
    from ahe.evaluate.store import EARLIER

    place = Place.parse(trial)
    step = step if step is not None else place.step
    if span is None and place.start is not None and place.end is not None:
        span = place.start, place.end
    if step is None and (raw or span):
        raise click.UsageError("--raw and --range are about one step: name it with --step N or TRIAL#N")
    earlier = None
    if path is not None:
        found = show_trace.in_path(path, place.label)
    else:
        trials = invocation.project().config.runs / "trials"
        found = show_trace.in_trials(trials, place.label)
        earlier = trials / found.trace.id / EARLIER
    if raw and step is not None:
        _show_raw(show_trace.raw(found, step, span), as_json)
        return
    steps = show_trace.cleaned(found, step, span)
    value: Any = show_trace.record(found, steps) if as_json else None
    show(value, as_json, lambda: "\n".join(show_trace.page(found.label, each) for each in steps))
    if earlier is not None and earlier.is_dir():
        tell(f"earlier attempts at it broke: `ahe trace 1 --in {earlier}` shows the first")
    for damage in found.trace.damage:
        tell(f"damaged: {damage.where}: {damage.what}")


def _show_raw(data: bytes, as_json: bool) -> None:
    text = data.decode("utf-8", "replace")
    if as_json or sys.stdout.isatty():
        show({"bytes": len(data), "text": text}, as_json, lambda: text)
    else:
        with printing():
            sys.stdout.buffer.write(data)
