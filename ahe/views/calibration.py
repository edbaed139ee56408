"""A calibration for people: the suite, its noise, copies, and what can be seen above it."""

from __future__ import annotations

from ahe.records import Calibration, Needed, Sensitivity, Spread
from ahe.views.text import rate, spent

NINETY = 1.645


def calibration_text(found: Calibration) -> str:
    """Several short paragraphs; the warnings come last, where they are read."""
    parts = [_suite(found), _noise(found), _copies(found), _seen(found.seen, found.tasks)]
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
        )
    )


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


def _seen(seen: Sensitivity | None, tasks: int) -> str:
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
    enough = f"{each.rollouts} rollout{'' if each.rollouts == 1 else 's'} a task"
    return f"{name:16} {enough}" + (f", or {more}" if more and each.rollouts > seen.rollouts else "")
