"""A look at the test split as the message of an annotated tag. Text only, no git."""

from __future__ import annotations

import json

from pydantic import ValidationError

from ahe.history.message import RECORD, block, cost
from ahe.records import Final


def final_tag(final: Final) -> str:
    """The name of the tag that holds a look at the test split."""
    return f"ahe/final-{final.plan.look:03d}"


def final_text(final: Final) -> str:
    """The message of the annotated tag of a look at the test split: a sentence, trailers, and the record."""
    plan, last = final.plan, final.plan.first + final.plan.rollouts - 1
    arms = f"{100 * final.seed_rate:.1f} % → {100 * final.best_rate:.1f} %"
    missing = f" ({final.missing} missing)" if final.missing else ""
    lines = [
        ("Ahe-Final", str(plan.look)),
        ("Ahe-Seed", plan.seed),
        ("Ahe-Best", plan.best),
        ("Ahe-Rates", arms),
        ("Ahe-Delta-Given-Tasks", str(final.given_tasks)),
        ("Ahe-Delta-Over-Tasks", str(final.over_tasks or "")),
        ("Ahe-Score", f"P = {final.score:.3f}"),
        ("Ahe-Rollouts", f"attempts {plan.first} to {last} of {len(plan.tasks)} tasks in both arms{missing}"),
        ("Ahe-Cost", cost(final.usage)),
        ("Ahe-Suite", plan.suite),
        ("Ahe-Model", plan.model),
        ("Ahe-Seen-Before", f"{plan.seen} rollouts on these tasks" if plan.seen else ""),
        ("Ahe-Again", plan.again),
        *(("Ahe-Task", str(each)) for each in final.tasks),
    ]
    title = f"Test split: {final.given_tasks} given these tasks (seed to best)"
    return f"{title}\n\n{block(lines)}\n{RECORD}: {json.dumps(final.model_dump(mode='json'))}\n"


def read_final(text: str) -> Final | None:
    """The result in the message of a tag, or None."""
    records = [line for line in text.split("\n") if line.startswith(f"{RECORD}: ")]
    try:
        return Final.model_validate_json(records[-1].removeprefix(f"{RECORD}: ")) if records else None
    except ValidationError:
        return None
