"""Two versions side by side, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ahe.records import Interval, Observed
from ahe.views.tasks import task_table
from ahe.views.text import points, rate


def gain_line(gain: Interval) -> str:
    """What a run gained, with why it is less than the plain difference."""
    return f"best against seed: {gain} (shrunk: selected rollouts flatter)"


def comparison_text(
    names: tuple[str, str],
    tasks: Sequence[Observed],
    rates: tuple[float | None, float | None],
    delta: Interval | None,
    raw_delta: float | None,
    score: float | None,
    *,
    trials: Mapping[str, Sequence[str]] | None = None,
    width: int | None = None,
) -> str:
    """The table of tasks, then rates, difference and probability."""
    parts = [task_table(tasks, trials=trials, width=width), ""] if tasks else []
    return "\n".join([*parts, *summary(names, tasks, rates, delta, raw_delta, score)])


def summary(
    names: tuple[str, str],
    tasks: Sequence[Observed],
    rates: tuple[float | None, float | None],
    delta: Interval | None,
    raw_delta: float | None,
    score: float | None,
    gain: Interval | None = None,
) -> list[str]:
    """Rates, difference and probability, in a line each. What a run gained, where given, stands for `delta`."""
    if delta is None or score is None:
        return [f"no task was scored with both {names[0]} and {names[1]}"]
    shared = sum(1 for each in tasks if each.changed is not None)
    return [
        f"{'pass rate':12} {rate(rates[0])} → {rate(rates[1])} on {shared} tasks that both tried "
        f"({names[0]} → {names[1]})",
        gain_line(gain) if gain else f"{'delta':12} {delta} with 90 %",
        f"{'raw delta':12} {points(raw_delta)} points",
        f"{'score':12} P({names[1]} better) = {score:.3f}",
    ]
