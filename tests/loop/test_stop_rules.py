"""When a run of the loop ends, and what it says then."""

from __future__ import annotations

import pytest

from ahe.loop.loop import IterationResult, StopRules
from ahe.records import Verdict

RULES = StopRules(iterations=5, target=0.9, patience=3)


def results(*outcomes: str, new_rate: float | None = 0.5) -> list[IterationResult]:
    made = []
    for number, outcome in enumerate(outcomes, 1):
        verdict = Verdict.model_validate({"outcome": outcome, "reason": "r"}) if outcome else None
        made.append(IterationResult(number=number, verdict=verdict, new_rate=new_rate))
    return made


@pytest.mark.parametrize(
    ("outcomes", "reason"),
    [
        ((), ""),
        (("kept", "reverted", "reverted"), ""),
        (("kept", "reverted", "", "unchanged"), "3 iterations in a row kept nothing"),
        (("reverted", "reverted", "kept", "reverted", "kept"), "5 iterations done"),
        (("undecided", "kept", "undecided"), ""),
        (("kept", "undecided", "undecided"), "the candidate is undecided for the second time: r."),
    ],
)
def test_a_run_ends_by_its_rules(outcomes: tuple[str, ...], reason: str) -> None:
    said = RULES.reason(results(*outcomes))
    assert said.startswith(reason) and bool(said) == bool(reason)


def test_the_target_ends_a_run_before_patience_does() -> None:
    found = results("reverted", "reverted", "reverted", new_rate=0.9)
    assert RULES.reason(found) == "the target of 90% on train is reached"
    assert RULES.reason(results("undecided", new_rate=None)) == ""


def test_without_patience_only_the_number_of_iterations_counts() -> None:
    rules = StopRules(iterations=1, target=1.0, patience=0)
    assert rules.reason(results("reverted")) == "1 iteration done"
    assert StopRules(0, 1.0, 0).reason([]) == "0 iterations done"
