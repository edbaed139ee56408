"""When an evaluation stops rather than burn through the rest."""

from __future__ import annotations

import made_trials
import pytest

from ahe.evaluate.evaluation import repeated_failure
from ahe.evaluate.trial import HarnessVersion, Planned
from ahe.records import EnvironmentSpec, Task, Trial

REFUSED = "connection refused by 127.0.0.1:8000 after 5 tries"


def planned(count: int, tasks: int = 3) -> list[Planned]:
    made = []
    for number in range(count):
        name = f"t{number % tasks}"
        task = Task(
            name=name,
            path="",
            digest="",
            instruction="",
            environment=EnvironmentSpec(name=name),
            agent_seconds=1,
        )
        harness = HarnessVersion(id="h", root="")
        made.append(Planned(id=str(number), harness=harness, task=task, attempt=number // tasks))
    return made


def broken(count: int, cause: str = REFUSED, tasks: int = 3) -> list[Trial]:
    return [
        made_trials.trial(str(n), f"t{n % tasks}", "missing", ended="broken", cause=cause.format(n=n))
        for n in range(count)
    ]


def passed(count: int) -> list[Trial]:
    return [made_trials.trial(f"p{n}", f"t{n % 3}", "passed") for n in range(count)]


@pytest.mark.parametrize(
    ("fresh", "todo", "stops"),
    [
        (broken(5), planned(40), False),
        (broken(6), planned(40), True),
        (broken(6, "/tmp/run-{n}/box of trial 0123abcd{n} died with code {n}"), planned(40), True),
        (broken(3), planned(3), False),
        (broken(4), planned(4), True),
        (passed(1) + broken(6), planned(40), False),
        (passed(1) + broken(8), planned(40), True),
        (broken(8) + passed(1), planned(40), False),
        (broken(12, tasks=1), planned(40), False),
        (broken(6, tasks=1), planned(8, tasks=1), True),
        ([t for n in range(6) for t in broken(1, "a") + broken(1, "b")], planned(40, tasks=1), True),
    ],
)
def test_it_stops_where_trial_after_trial_breaks(
    fresh: list[Trial], todo: list[Planned], stops: bool
) -> None:
    assert bool(repeated_failure(fresh, todo, jobs=4)) is stops


def test_it_says_why_and_what_to_do() -> None:
    said = repeated_failure(broken(6), planned(40), jobs=4)
    assert said.startswith(f"the first 6 trials all broke, so the run stops: {REFUSED}")
    assert "ahe doctor" in said
    assert "the last 8 trials" in repeated_failure(passed(9) + broken(8), planned(40), jobs=4)
