"""What a run takes, what it did, and what the gate sees on a suite: estimate, calibration, simulation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ahe.records import Calibration, Copies, Estimate, Needed, Sensitivity, Spread
from ahe.text import plural
from ahe.views.text import count, duration, facts, money, rate, spent, table

if TYPE_CHECKING:
    from ahe.jobs.evolve import EvolveResult
    from ahe.power.simulate import SimulationResult

NINETY = 1.645
"""A normal variable lies within this many standard deviations of its mean 9 times in 10."""
WIDE = 16
"""Columns of the names of facts."""


def estimate_table(found: Estimate, width: int | None = None) -> str:
    """Every part of the run with its basis, the totals, what the budget covers, and the warnings."""
    headers = ("part", "rollouts", "tokens", "money", "time", "from")
    rows = [
        (
            cost.part,
            f"{cost.rollouts:.0f}" if cost.rollouts or cost.part == "baseline" else "",
            count(round(cost.tokens)),
            money(cost.usd),
            duration(cost.seconds),
            cost.basis,
        )
        for cost in (*found.costs, found.total)
    ]
    suite = f"{found.tasks} tasks on train, {found.heldout} held out, {found.rollouts} rollouts a task"
    lines = [
        table(headers, rows, width, right="rollouts tokens money time"),
        "",
        f"{plural(found.iterations, 'iteration')} with gate {found.gate} on {suite}, {found.jobs} at a time",
        f"rollouts: four runs in five take {found.low:.0f} to {found.high:.0f}; the baseline is exact",
    ]
    if found.covered is not None:
        lines.append(_covered(found, found.covered))
    if found.points is not None:
        assumed = "no trial yet: pass rates like Beta(.7, .3) assumed"
        basis = "from the trials so far" if found.measured else assumed
        effect = f"a rise of about {found.points:.0f} points is kept 4 times in 5 ({basis})"
        lines.append(f"{effect}; `ahe calibrate` measures it")
    return "\n".join([*lines, *(f"warning: {text}" for text in found.warnings)])


def estimate_lines(found: Estimate) -> list[str]:
    """The estimate in a line or two, before a run starts: what it takes, and the warnings."""
    total = found.total
    costs = [f"about {total.rollouts:.0f} rollouts", f"{count(round(total.tokens))} tokens"]
    if total.usd is None or total.usd > 0:
        costs.append(money(total.usd))
    costs.append(duration(total.seconds))
    basis = " (in part assumed)" if any(cost.basis.startswith("assumed") for cost in found.costs) else ""
    run = f"{plural(found.iterations, 'iteration')}, {', '.join(costs)}{basis}"
    lines = [f"estimate: {run}; `ahe evolve --dry-run` shows the parts"]
    if found.covered is not None and 1 <= found.covered < found.iterations:
        lines.append(f"estimate: {_covered(found, found.covered)}")
    return [*lines, *(f"warning: {text}" for text in found.warnings)]


def _covered(found: Estimate, covered: float) -> str:
    budget = f"the budget of {found.limit} covers"
    if covered >= found.iterations:
        return f"{budget} them all"
    return f"{budget} about {covered:.1f} of {plural(found.iterations, 'iteration')}"


def evolve_text(found: EvolveResult) -> str:
    """How many iterations a run did, what they took, and why it stopped."""
    took = f"{duration(found.seconds)}, {spent(found.usage)}"
    return (
        f"{plural(len(found.iterations), 'iteration')} in {took}\n"
        f"Stopped: {found.stopped}. `ahe log` shows every change with its verdict."
    )


def calibration_text(found: Calibration) -> str:
    """Several short paragraphs; the warnings come last, where people read them."""
    parts = [
        _suite(found),
        _noise(found.spread),
        _copies(found.copies),
        _sensitivity(found.seen, found.tasks),
    ]
    warnings = "\n".join(f"warning: {text}" for text in found.warnings)
    return "\n\n".join(part for part in (*parts, warnings) if part)


def _suite(found: Calibration) -> str:
    new = f"{found.ran} of them new ({spent(found.usage)})" if found.ran else "all known already"
    missing = f", {found.missing} missing" if found.missing else ""
    untried = f", {found.untried} without a scored rollout" if found.untried else ""
    fit = "fitted" if found.fitted else "the default: fewer than 20 tasks have two rollouts"
    time, pace, speed = found.model_time, found.pace, ""
    if pace and time.work:
        times = time.seconds / time.work
        speed = (
            f"{times:.1f} times the nominal {pace.read:.0f} read and {pace.write:.0f} written "
            f"tokens a second: here {pace.read / times:.0f} and {pace.write / times:.0f}, beside the other trials"
        )
    waited = f"{duration(time.waited)} for the endpoint: rate limits, failed calls, its queue"
    return facts(
        ("pass rate", rate(found.rate)),
        ("tasks", f"{found.never} never pass, {found.sometimes} sometimes, {found.always} always{untried}"),
        ("concentration", f"{found.concentration:.2g} ({fit})"),
        ("model's pace", speed),
        ("waited", waited if time.waited >= 1 else ""),
        title=f"{found.rev} on train: {found.tasks} tasks, {found.rollouts} rollouts{missing}, {new}",
        width=WIDE,
    )


def _noise(spread: Spread | None) -> str:
    if spread is None:
        return ""

    def difference(points: float, z: float) -> str:
        sure = f" ({z:+.1f} standard deviations)" if spread.points else ""
        return f"{round(points, 1) + 0.0:+.1f} points{sure}"

    expected = f"over 1,000 random splits; independent rollouts: {spread.expected:.1f}"
    return facts(
        ("spread", f"{spread.points:.1f} points {expected}"),
        ("", f"so 9 in 10 differences of such arms lie within ± {NINETY * spread.points:.1f} points"),
        ("even − odd", difference(spread.parity, spread.parity_z)),
        ("later − earlier", difference(spread.halves, spread.halves_z)),
        title="A against A: each task's rollouts in two arms of the same harness",
        width=WIDE,
    )


def _copies(found: Copies) -> str:
    if not found.trials:
        text = "no trace is left to compare"
    elif not found.copied:
        text = f"none among {found.trials} rollouts"
    else:
        text = f"{found.copied} of {found.trials} rollouts, on {len(found.tasks)} tasks"
    return facts(("copies", text), width=WIDE)


def _sensitivity(seen: Sensitivity | None, tasks: int) -> str:
    if seen is None:
        return ""
    limit = "" if seen.limit is None else f", {seen.limit} rollouts left in the budget"
    smallest = "none that the suite has room for" if seen.points is None else f"{seen.points:.1f} points"
    return facts(
        ("smallest effect", f"{smallest} (kept 4 times in 5)"),
        ("no effect", f"kept {100 * seen.null:.0f} % of the time, after {seen.cost:.0f} rollouts"),
        *((f"for {each.points:+g} points", _needed(each, seen, tasks)) for each in seen.needed),
        title=f"gate {seen.gate}, {seen.rollouts} rollouts a task{limit}: simulated on these tasks",
        width=WIDE,
    )


def _needed(each: Needed, seen: Sensitivity, tasks: int) -> str:
    more = f"about {each.tasks} tasks like these with {seen.rollouts}" if each.tasks > tasks else ""
    if each.rollouts is None:
        enough = "no number of rollouts a task that was tried is enough"
        return f"{enough}; {more}" if more else enough
    enough = f"{plural(each.rollouts, 'rollout')} a task"
    return f"{enough}, or {more}" if more and each.rollouts > seen.rollouts else enough


def simulation_table(results: Sequence[SimulationResult], width: int | None = None) -> str:
    """A line per simulated edit: how often the gate keeps it, and the rollouts it takes."""
    rows = [
        (
            each.edit,
            f"{each.true_points:+.1f}",
            f"{100 * each.kept:.0f} % ± {100 * each.kept_se:.0f}",
            f"{each.rollouts:.0f}",
        )
        for each in results
    ]
    lines = table(("edit", "true points", "kept", "rollouts"), rows, width, right="kept rollouts")
    one = results[0]
    return f"{lines}\n\n{one.tasks} tasks, gate {one.gate}, {one.runs} simulated edits a line"
