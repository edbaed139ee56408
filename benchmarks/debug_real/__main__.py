"""How well the Agent Debugger explains traces of real shapes, without a model.

    python -m benchmarks.debug_real [--half dev|report|fresh] [--list] [--json]

Each folder of `benchmarks/debug_real/traces` is debugged alone. `labels.py` says what a label holds and `score.py` how
a report is compared with it. The debugger may be developed on the part `dev`; totals of `report` were seen meanwhile;
`fresh` is only for reporting. Shares:

- `cause`: failing traces whose root cause stands in report.md
- `first_screen`: those where it stands in the first 40 lines below the title, wrapped at 100 columns
- `false_names`: passing traces, relabelled as failed, for which clusters.json has a mechanism but `none` or `unknown`
- `misquoted`: traces of which the report shows a text that is no evidence
- `not_agent`: failures that were not the agent's doing and are in a section of their own, before all other failures
- `blamed_elsewhere`: all other traces, if they are in that section
- `read`: folders that are read as exactly the rollouts in them

Wanted: `cause` at least .8, `first_screen` at least .6, `false_names` at most .1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass

import click

from benchmarks.debug_real.labels import HALVES, Half, corpus
from benchmarks.debug_real.score import Scored, scored


@dataclass(frozen=True)
class Figures:
    """Shares of the traces that each of them is about, as `__main__` says; 0 if there are none."""

    traces: int
    cause: float
    first_screen: float
    false_names: float
    misquoted: float
    not_agent: float
    blamed_elsewhere: float
    read: float


def figures(found: Sequence[Scored]) -> Figures:
    failing = [each for each in found if not each.label.passing]
    return Figures(
        traces=len(found),
        cause=_share(failing, lambda each: each.cause),
        first_screen=_share(failing, lambda each: each.first_screen),
        false_names=_share([each for each in found if each.label.passing], lambda each: bool(each.named)),
        misquoted=_share(found, lambda each: bool(each.misquoted)),
        not_agent=_share([e for e in found if e.label.fault == "not-agent"], lambda each: each.elsewhere),
        blamed_elsewhere=_share(
            [e for e in found if e.label.fault != "not-agent"], lambda each: each.elsewhere
        ),
        read=_share(found, lambda each: each.rollouts == each.label.rollouts),
    )


def _share(of: Sequence[Scored], holds: Callable[[Scored], bool]) -> float:
    return round(sum(map(holds, of)) / len(of), 3) if of else 0.0


def misses(each: Scored) -> list[str]:
    """What the report of one folder lacks or should not say, in words."""
    label = each.label
    said = (
        [f"read as {each.rollouts} rollouts, not {label.rollouts}"] if each.rollouts != label.rollouts else []
    )
    if not label.passing and not each.first_screen:
        said.append("cause not on the first screen" if each.cause else "cause not in the report")
    if label.passing and each.named:
        said.append(f"passing, but named {', '.join(each.named)}")
    if each.elsewhere != (label.fault == "not-agent"):
        said.append("blamed on others" if each.elsewhere else "not put among what others did")
    return said + [f"quotes {text!r}" for text in each.misquoted]


@click.command(help=__doc__)
@click.option("--half", type=click.Choice(HALVES), help="Only this part.")
@click.option("--list", "as_list", is_flag=True, help="Each folder with its misses.")
@click.option("--json", "as_json", is_flag=True)
def main(half: Half | None, as_list: bool, as_json: bool) -> None:
    found = {each: [scored(label) for label in corpus(each)] for each in ([half] if half else HALVES)}
    if as_json:
        print(json.dumps({each: _by_format(rows) for each, rows in found.items()}, indent=1))
        return
    for each, rows in found.items():
        _table(each, rows)
        for row in rows if as_list else ():
            if said := misses(row):
                print(f"  {row.label.name} ({row.label.format}): {'; '.join(said)}")


def _by_format(rows: Sequence[Scored]) -> dict[str, object]:
    split = {name: asdict(figures(of)) for name, of in _formats(rows)}
    return asdict(figures(rows)) | {"formats": split}


def _formats(rows: Sequence[Scored]) -> Iterable[tuple[str, list[Scored]]]:
    for name in sorted({row.label.format for row in rows}):
        yield name, [row for row in rows if row.label.format == name]


def _table(half: Half, rows: Sequence[Scored]) -> None:
    keys = list(asdict(figures(())))
    print(f"{half:<18}" + "".join(f"{key.replace('_', ' '):>18}" for key in keys))
    for name, of in (("all", list(rows)), *_formats(rows)):
        print(f"{name:<18}" + "".join(f"{value:>18}" for value in asdict(figures(of)).values()))


if __name__ == "__main__":
    main()
