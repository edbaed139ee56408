"""What an evolved harness is worth, as text: its parts, and its gain elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ahe.records import STUDY, Interval
from ahe.text import plural
from ahe.views.text import count, duration, money, rate, spent, table

if TYPE_CHECKING:
    from ahe.jobs.ablate import Ablation
    from ahe.jobs.arms import Arm, Study
    from ahe.jobs.transfer import Transfer


def ablation_text(found: Ablation, width: int | None = None) -> str:
    """A line for each arm, then those that could not be made, and how to read the table."""
    study, rev = found.study, found.rev
    headers = ("arm", "pass rate", "less the seed", f"less {rev}", "tokens a task", "")
    rows = [
        (
            " = ".join(arm.names),
            _interval(arm.rate, ""),
            _interval(arm.to_seed, "+"),
            _interval(arm.to_rev, "+"),
            _tokens(arm),
            arm.problem,
        )
        for arm in study.arms
    ]
    # In a dry run there are only names.
    shown = table(headers[:1], [row[:1] for row in rows]) if study.cost else table(headers, rows, width)
    lines = [shown, "", *(f"left out: {each.name}: {each.why}" for each in found.skipped), _measured(study)]
    if not study.cost:
        lines.append(f"points with 90 %, given these tasks; below {rev}: what is left out helps")
        if study.split != "test" and study.first < STUDY:
            lines.append(f"rollouts like these may have chosen {rev}, which flatters it: --fresh runs others")
    return "\n".join(lines)


def transfer_text(found: Transfer, width: int | None = None) -> str:
    """A line for each place, with harm by its name."""
    rev = found.rev
    headers = ("where", "seed", rev, f"{rev} less the seed", "", "tokens a task")
    rows = []
    for each in found.places:
        seed, arm = each.arms
        more = arm.problem or each.effect
        tokens = f"{_tokens(seed)} → {_tokens(arm)}"
        rows.append((each.place, _rate(seed), _rate(arm), _interval(arm.to_seed, "+"), more, tokens))
    lines = [f"{each.place}: {_measured(each)}" for each in found.places]
    if any(each.cost for each in found.places):
        return "\n".join(lines)
    note = "points with 90 %, given these tasks; harm, gain: the whole interval is below or above zero"
    return "\n".join([table(headers, rows, width), "", *lines, note])


def _rate(arm: Arm) -> str:
    return rate(arm.rate.mean if arm.rate else None)


def _tokens(arm: Arm) -> str:
    return "–" if arm.tokens is None else f"{arm.tokens:,.0f}"


def _interval(found: Interval | None, sign: str) -> str:
    if found is None:
        return ""
    mean, low, high = (format(100 * value, f"{sign}.1f") for value in (found.mean, found.low, found.high))
    return f"{mean} [{low}, {high}]"


def _measured(study: Study) -> str:
    """What was run, or what would be."""
    total = study.tasks * study.rollouts * len(study.arms)
    tasks, each = plural(study.tasks, f"{study.split} task"), plural(study.rollouts, "rollout")
    what = f"{tasks} of {study.suite} with {study.model}, {each} of each"
    if cost := study.cost:
        needs = (
            f"{count(round(cost.tokens))} tokens, {money(cost.usd)}, {duration(cost.seconds)} ({cost.basis})"
        )
        short = "".join(f"; the budget of {name} does not cover it" for name in study.short)
        return f"{what}: {cost.rollouts:.0f} of {total} trials to run, {needs}{short}"
    missing = sum(arm.missing for arm in study.arms)
    lacking = f", {missing} missing" if missing else ""
    return f"{what}: {study.ran} of {total} trials new{lacking}, {spent(study.usage)}"
