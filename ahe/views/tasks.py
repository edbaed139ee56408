"""Tables of tasks in two arms: what passed before, what passed after, how probably it changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ahe.records import Observed
from ahe.views.text import points, table

HEADERS = ("points", "π", "foretold")
BEFORE_AFTER = ("before", "after")


def task_table(
    tasks: Sequence[Observed],
    *,
    predicts: Collection[str] = (),
    risks: Collection[str] = (),
    trials: Mapping[str, Sequence[str]] | None = None,
    arms: tuple[str, str] = BEFORE_AFTER,
    width: int | None = None,
) -> str:
    """A line a task, the most probably changed first; `trials` are ids by task, for `ahe trace`."""
    ordered = sorted(tasks, key=lambda each: (-(each.changed or 0.0), each.task))
    shown = (
        *("task", *arms),
        *HEADERS[: 3 if predicts or risks else 2],
        *(("trials: ahe trace …",) if trials else ()),
    )
    rows = []
    for each in ordered:
        row = [each.task, f"{each.b}/{each.n_b}", f"{each.c}/{each.n_c}"]
        known = each.changed is not None
        row += [points(each.step) if known else "–", f"{each.changed:.2f}" if known else "–"]
        if predicts or risks:
            row.append(foretold(each, predicts, risks))
        if trials:
            row.append(" ".join(trials.get(each.task, ())))
        rows.append(row)
    return table(shown, rows, width, right=" ".join((*arms, "points π")))


def foretold(each: Observed, predicts: Collection[str], risks: Collection[str]) -> str:
    """What the change said of a task."""
    words = [word for word, names in (("up", predicts), ("at risk", risks)) if each.task in names]
    return " and ".join(words)
