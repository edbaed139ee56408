"""What a run takes, what it did, and what the gate sees on a suite: estimate, calibration, simulation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ahe.records import Calibration, Cost, Estimate, Needed, Sensitivity, Spread
from ahe.text import plural
from ahe.views.text import count, duration, money, rate, spent, table

if TYPE_CHECKING:
    from ahe.jobs.evolve import EvolveResult
    from ahe.power.simulate import SimulationResult

NINETY = 1.645
"""A normal variable lies within this many standard deviations of its mean 9 times in 10."""


def estimate_table(found: Estimate, width: int | None = None) -> str:
    """Every part of the run with its basis, the totals, what the budget covers, and the warnings."""
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
        lines.append(_visible_effect(found))
    return "\n".join([*lines, *(f"warning: {text}" for text in found.warnings)])


def estimate_lines(found: Estimate) -> list[str]:
    """The estimate in a line or two, before a run starts: what it takes, and the warnings."""
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
    return plural(found.iterations, "iteration")


def _covered(found: Estimate) -> str:
    assert found.covered is not None
    if found.covered >= found.iterations:
        return f"the budget of {found.limit} covers them all"
    return f"the budget of {found.limit} covers about {found.covered:.1f} of {_iterations(found)}"


def _visible_effect(found: Estimate) -> str:
    basis = (
        "from the trials so far" if found.measured else "no trial yet: pass rates like Beta(.7, .3) assumed"
    )
    return f"a rise of about {found.points:.0f} points is kept 4 times in 5 ({basis}); `ahe calibrate` measures it"


def evolve_text(found: EvolveResult) -> str:
    """How many iterations a run did, what they took, and why it stopped."""
    took = f"{duration(found.seconds)}, {spent(found.usage)}"
    return (
        f"{plural(len(found.iterations), 'iteration')} in {took}\n"
        f"Stopped: {found.stopped}. `ahe log` shows every change with its verdict."
    )


def calibration_text(found: Calibration) -> str:
    """Several short paragraphs; the warnings come last, where people read them."""
    parts = [_suite(found), _noise(found), _copies(found), _sensitivity(found.seen, found.tasks)]
    warnings = "\n".join(f"warning: {text}" for text in found.warnings)
    return "\n\n".join(part for part in (*parts, warnings) if part)


def _suite(found: Calibration) -> str:
    new = f"{found.ran} of them new ({spent(found.usage)})" if found.ran else "all known already"
    missing = f", {found.missing} missing" if found.missing else ""
    untried = f", {found.untried} without a scored rollout" if found.untried else ""
    fit = "fitted" if found.fitted else "the default: fewer than 20 tasks have two rollouts"
    return "\n".join(
        (
            f"{found.rev} on train: {found.tasks} tasks, {found.rollouts} rollouts{missing}, {new}",
            f"pass rate        {rate(found.rate)}",
            f"tasks            {found.never} never pass, {found.sometimes} sometimes, {found.always} always{untried}",
            f"concentration    {found.concentration:.2g} ({fit})",
            *_model_time(found),
        )
    )


def _model_time(found: Calibration) -> list[str]:
    time, pace = found.model_time, found.pace
    said = []
    if pace and time.work:
        times = time.seconds / time.work
        said.append(
            f"model's pace     {times:.1f} times the nominal {pace.read:.0f} read and {pace.write:.0f} written "
            f"tokens a second: here {pace.read / times:.0f} and {pace.write / times:.0f}, beside the other trials"
        )
    if time.waited >= 1:
        said.append(
            f"waited           {duration(time.waited)} for the endpoint: rate limits, failed calls, its queue"
        )
    return said


def _noise(found: Calibration) -> str:
    spread = found.spread
    if spread is None:
        return ""
    return "\n".join(
        (
            "A against A: each task's rollouts in two arms of the same harness",
            f"spread           {spread.points:.1f} points over 1,000 random splits; independent rollouts: "
            f"{spread.expected:.1f}",
            f"                 so 9 in 10 differences of such arms lie within ± {NINETY * spread.points:.1f} points",
            _difference("even − odd", spread.parity, spread.parity_z, spread),
            _difference("later − earlier", spread.halves, spread.halves_z, spread),
        )
    )


def _difference(name: str, points: float, z: float, spread: Spread) -> str:
    sure = f" ({z:+.1f} standard deviations)" if spread.points else ""
    return f"{name:16} {round(points, 1) + 0.0:+.1f} points{sure}"


def _copies(found: Calibration) -> str:
    twins = found.copies
    if not twins.trials:
        return "copies           no trace is left to compare"
    if not twins.copied:
        return f"copies           none among {twins.trials} rollouts"
    return f"copies           {twins.copied} of {twins.trials} rollouts, on {len(twins.tasks)} tasks"


def _sensitivity(seen: Sensitivity | None, tasks: int) -> str:
    if seen is None:
        return ""
    limit = "" if seen.limit is None else f", {seen.limit} rollouts left in the budget"
    smallest = "none that the suite has room for" if seen.points is None else f"{seen.points:.1f} points"
    head = [
        f"gate {seen.gate}, {seen.rollouts} rollouts a task{limit}: simulated on these tasks",
        f"smallest effect  {smallest} (kept 4 times in 5)",
        f"no effect        kept {100 * seen.null:.0f} % of the time, after {seen.cost:.0f} rollouts",
    ]
    return "\n".join([*head, *(_needed(each, seen, tasks) for each in seen.needed)])


def _needed(each: Needed, seen: Sensitivity, tasks: int) -> str:
    name = f"for {each.points:+g} points"
    more = f"about {each.tasks} tasks like these with {seen.rollouts}" if each.tasks > tasks else ""
    if each.rollouts is None:
        return f"{name:16} no number of rollouts a task that was tried is enough" + (
            f"; {more}" if more else ""
        )
    enough = f"{plural(each.rollouts, 'rollout')} a task"
    return f"{name:16} {enough}" + (f", or {more}" if more and each.rollouts > seen.rollouts else "")


def simulation_table(results: Sequence[SimulationResult], runs: int, width: int | None = None) -> str:
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
    return f"{lines}\n\n{results[0].tasks} tasks, gate {results[0].gate}, {runs} simulated edits a line"
