"""What an evolved harness is worth, as text: its parts, and its gain elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ahe.records import STUDY, Interval
from ahe.text import plural
from ahe.views.text import count, duration, money, spent, table

if TYPE_CHECKING:
    from ahe.jobs.ablate import Ablation
    from ahe.jobs.arms import Study
    from ahe.jobs.transfer import Transfer


def ablation_text(found: Ablation, width: int | None = None) -> str:
    """A line for each arm, then those that could not be made, and how to read the table."""
    study, rev = found.study, found.rev
    lines = [_arms(study, rev, width), "", *(f"left out: {e.name}: {e.why}" for e in found.skipped)]
    lines.append(_measured(study))
    if not study.cost:
        lines.append(f"points with 90 %, given these tasks; below {rev}: what is left out helps")
        if study.split == "train" and study.first < STUDY:
            lines.append(f"rollouts like these may have chosen {rev}, which flatters it: --fresh runs others")
    return "\n".join(lines)


def transfer_text(found: Transfer, width: int | None = None) -> str:
    """The two arms at each place, and harm by its name."""
    parts = []
    for study in found.places:
        effect = {"harm": f"harm: {found.rev} is worse than the seed", "gain": "the gain holds"}
        said = effect.get(study.effect, "neither gain nor harm is shown")
        lines = [
            study.place,
            _arms(study, found.rev, width),
            *([] if study.cost else [said]),
            _measured(study),
        ]
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _arms(study: Study, rev: str, width: int | None) -> str:
    if study.cost:
        return table(("arm",), [(" = ".join(arm.names),) for arm in study.arms], width)
    rows = [
        (
            " = ".join(arm.names),
            _interval(arm.rate, ""),
            _interval(arm.to_seed, "+"),
            _interval(arm.to_rev, "+"),
            "–" if arm.tokens is None else f"{arm.tokens:,.0f}",
            arm.problem,
        )
        for arm in study.arms
    ]
    headers = ("arm", "pass rate", "less the seed", f"less {rev}", "tokens a task", "")
    return table(headers, rows, width, right="tokens a task")


def _interval(found: Interval | None, sign: str) -> str:
    if found is None:
        return ""
    mean, low, high = (format(100 * value, f"{sign}.1f") for value in (found.mean, found.low, found.high))
    return f"{mean} [{low}, {high}]"


def _measured(study: Study) -> str:
    """What was run, or what would be."""
    total = study.tasks * study.rollouts * len(study.arms)
    each = f"{plural(study.rollouts, 'rollout')} of each"
    what = f"{study.tasks} {study.split} tasks of {study.suite} with {study.model}, {each}"
    if cost := study.cost:
        needs = (
            f"{count(round(cost.tokens))} tokens, {money(cost.usd)}, {duration(cost.seconds)} ({cost.basis})"
        )
        short = "".join(f"; the budget of {name} does not cover it" for name in study.short)
        return f"{what}: {cost.rollouts:.0f} of {total} trials to run, {needs}{short}"
    missing = sum(arm.missing for arm in study.arms)
    lacking = f", {missing} missing" if missing else ""
    return f"{what}: {study.ran} of {total} trials new{lacking}, {spent(study.usage)}"
