"""`ahe trace`: one trace, cleaned for reading or as it was recorded."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from ahe.cli.shared import Invocation, emit, page
from ahe.cli.shared import command as make_command

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
@click.option("--in", "path", type=click.Path(path_type=Path), help="A file or folder of any tool's traces.")
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

    TRIAL is its id or how that begins; STEP and bytes may follow as they stand in a report: TRIAL#STEP:A-B.
    Markers ⟦…⟧ say what is not shown and where it stands.
    """
    from ahe.debug.clean import show
    from ahe.debug.clean.pointers import Place

    place = Place.parse(trial)
    step = step if step is not None else place.step
    if span is None and place.start is not None and place.end is not None:
        span = place.start, place.end
    if step is None and (raw or span):
        raise click.UsageError("--raw and --range are about one step: name it with --step N or TRIAL#N")
    if path is not None:
        found = show.in_path(path, place.label)
    else:
        found = show.in_trials(invocation.project().config.runs / "trials", place.label)
    if raw and step is not None:
        _raw(show.raw(found, step, span), as_json)
        return
    steps = show.cleaned(found, step, span)
    if as_json:
        emit(show.record(found, steps))
    else:
        _page("\n".join(show.page(*each) for each in steps))
    for damage in found.trace.damage:
        click.echo(f"damaged: {damage.where}: {damage.what}", err=True)


def _raw(data: bytes, as_json: bool) -> None:
    from ahe.views.text import visible

    text = data.decode("utf-8", "replace")
    if as_json:
        emit({"bytes": len(data), "text": text})
    elif sys.stdout.isatty():
        # What an agent's commands printed is not sent to a terminal raw; a pipe gets it byte for byte.
        page(visible(text))
    else:
        sys.stdout.buffer.write(data)


def _page(text: str) -> None:
    from ahe.views.text import visible

    page(visible(text) if sys.stdout.isatty() else text)
