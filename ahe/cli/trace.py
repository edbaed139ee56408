"""`ahe trace`: one trace, cleaned for reading or as it was recorded."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click

from ahe.cli.shared import Invocation, Place, make_command, printing, show, tell

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
def command(
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
    if path is not None:
        found = show_trace.in_path(path, place.label)
    else:
        found = show_trace.in_trials(invocation.project().config.runs / "trials", place.label)
    if raw and step is not None:
        _show_raw(show_trace.raw(found, step, span), as_json)
        return
    steps = show_trace.cleaned(found, step, span)
    value: Any = show_trace.record(found, steps) if as_json else None
    show(
        value,
        as_json,
        lambda: "\n".join(show_trace.page(found.label, each) for each in steps),
    )
    if (
        path is None
        and (earlier := invocation.project().config.runs / "trials" / found.trace.id / EARLIER).is_dir()
    ):
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
