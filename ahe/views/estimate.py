"""The estimate of a run: as a table for `--dry-run`, in a line or two before a run starts."""

from __future__ import annotations

from ahe.records import Cost, Estimate
from ahe.views.text import count, duration, money, table


def estimate_table(found: Estimate, width: int | None = None) -> str:
    """Every part of the run with what it rests on, the totals, what the budget covers, and the warnings."""
    rows = [_row(cost) for cost in (*found.costs, found.total)]
    headers = ("part", "rollouts", "tokens", "money", "time", "from")
    lines = [table(headers, rows, width, right="rollouts tokens money time"), ""]
    suite = f"{found.tasks} tasks on train, {found.heldout} held out, {found.rollouts} rollouts a task"
    lines.append(f"{_iterations(found)} with gate {found.gate} on {suite}, {found.jobs} at a time")
    lines.append(
        f"rollouts: four runs in five take {found.low:.0f} to {found.high:.0f}; the baseline is exact"
    )
    if found.covered is not None:
        lines.append(_covered(found))
    if found.points is not None:
        lines.append(_seen(found))
    return "\n".join([*lines, *(f"warning: {text}" for text in found.warnings)])


def estimate_lines(found: Estimate) -> list[str]:
    """The same for people who start a run: what it takes, and the warnings."""
    total = found.total
    costs = [f"about {total.rollouts:.0f} rollouts", f"{count(round(total.tokens))} tokens"]
    if total.usd is None or total.usd > 0:
        costs.append(money(total.usd))
    costs.append(duration(total.seconds))
    assumed = any(cost.basis.startswith("assumed") for cost in found.costs)
    basis = " (in part assumed)" if assumed else ""
    lines = [
        f"estimate: {_iterations(found)}, {', '.join(costs)}{basis}; `ahe evolve --dry-run` shows the parts"
    ]
    if found.covered is not None and 1 <= found.covered < found.iterations:
        lines.append(f"estimate: {_covered(found)}")
    return [*lines, *(f"warning: {text}" for text in found.warnings)]


def _row(cost: Cost) -> tuple[str, ...]:
    rollouts = f"{cost.rollouts:.0f}" if cost.rollouts or cost.part == "baseline" else ""
    return (
        cost.part,
        rollouts,
        count(round(cost.tokens)),
        money(cost.usd),
        duration(cost.seconds),
        cost.basis,
    )


def _iterations(found: Estimate) -> str:
    return f"{found.iterations} iteration{'' if found.iterations == 1 else 's'}"


def _covered(found: Estimate) -> str:
    assert found.covered is not None
    if found.covered >= found.iterations:
        return f"the budget of {found.limit} covers them all"
    return f"the budget of {found.limit} covers about {found.covered:.1f} of {_iterations(found)}"


def _seen(found: Estimate) -> str:
    basis = (
        "from the trials so far" if found.measured else "no trial yet: pass rates like Beta(.7, .3) assumed"
    )
    return f"a rise of about {found.points:.0f} points is kept 4 times in 5 ({basis}); `ahe calibrate` measures it"
