"""What may be pooled of the trials that exist: one model, one environment a task, the task as it is now."""

from __future__ import annotations

from pathlib import Path

import pytest
from made_trials import trial

from ahe.evaluate.store import Store
from ahe.evaluate.stored import of_one_model, paired, pairs_of, slowdown
from ahe.records import FRESH, EnvironmentSpec, ModelTime, Tally, Task, Trial


def task(name: str, digest: str = "d") -> Task:
    spec = EnvironmentSpec(name=name)
    return Task(name=name, path="/", digest=digest, instruction="i", environment=spec, agent_seconds=1)


def made(arm: str, n: int, status: str = "passed", **fields: object) -> Trial:
    return trial(f"{arm}{n}{fields}", status=status, attempt=n, **{"harness": arm, **fields})


TASKS = [task("task-a")]


def test_a_task_that_was_changed_since_does_not_count() -> None:
    mine = [made("one", 0), made("one", 1, task_digest="old"), made("one", 2, task="gone")]
    assert paired(mine, [], TASKS)[0] == mine[:1]


def test_rollouts_that_told_commits_apart_are_not_pooled_with_plain_ones(tmp_path: Path) -> None:
    mine = [made("one", 0), made("one", FRESH, "failed"), made("one", FRESH + 1, "failed")]
    assert pairs_of(paired(mine, [], TASKS))["task-a"][0] == Tally(passes=1, n=1)
    assert paired(mine, [], TASKS, series=FRESH)[0] == mine[1:]
    store = Store(tmp_path)
    for each in mine:
        store.folder(each.id).mkdir()
        store.put(each)
    assert store.tallies(mine[0].model) == [("task-a", Tally(passes=1, n=1))]
    store.close()


def test_the_model_that_both_arms_share_is_taken() -> None:
    one = [made("one", n, model="big") for n in range(9)] + [made("one", 0, model="small")]
    other = [made("two", n, model="small") for n in range(2)]
    left, right = paired(one, other, TASKS)
    assert {each.model for each in (*left, *right)} == {"small"}
    assert pairs_of((left, right)) == {"task-a": (Tally(passes=1, n=1), Tally(passes=2, n=2))}


def test_the_configured_model_comes_first_where_it_can() -> None:
    one = [made("one", n, model="big") for n in range(9)] + [made("one", 0, model="small")]
    other = [made("two", n, model="big") for n in range(9)] + [made("two", 0, model="small")]
    for chosen, taken, mine in (
        ("small", "small", other),
        ("big", "big", other),
        ("no", "big", other),
        ("small", "small", []),
    ):
        left, right = paired(one, mine, TASKS, model=chosen)
        assert {each.model for each in (*left, *right)} == {taken}
    assert {each.model for arm in paired(one, other[:9], TASKS, model="small") for each in arm} == {"big"}


def test_a_report_is_about_one_model() -> None:
    trials = [
        made("one", 0, model="a", started="2026-02-01"),
        made("one", 0, model="b", started="2026-01-01"),
    ]
    assert of_one_model(trials, "b") == trials[1:]
    assert of_one_model(trials, "c") == trials[:1]
    assert of_one_model([], "c") == []


def test_of_equal_models_the_one_used_last() -> None:
    one = [made("one", 0, model="m1", started="2026-02-01"), made("one", 1, model="m2", started="2026-03-01")]
    assert [each.model for each in paired(one, [], TASKS)[0]] == ["m2"]


def test_a_task_is_not_pooled_over_environments() -> None:
    one = [made("one", 0, started="2026-01-01"), made("one", 1, started="2026-01-02", environment="docker")]
    other = [made("two", 0, started="2026-01-03", environment="docker")]
    left, right = paired(one, other, TASKS)
    assert [each.environment for each in (*left, *right)] == ["docker", "docker"]


@pytest.mark.parametrize("field", ["settings", "environment"])
def test_other_limits_and_tool_call_modes_are_not_pooled(field: str) -> None:
    def of(arm: str, value: str, started: str, n: int = 0) -> Trial:
        return made(arm, n, started=started, **{field: value})

    mine = [of("one", "", "2026-01-01"), of("one", "now", "2026-01-03"), of("one", "now", "2026-01-02", 1)]
    assert paired(mine, [], TASKS)[0] == mine[1:], "the last used"
    other = [of("two", "", "2026-01-02"), of("two", "newer", "2026-01-04")]
    assert paired(mine, other, TASKS) == (mine[:1], other[:1]), "what both have"
    assert paired(mine, other[1:], TASKS) == ([], other[1:])


def test_missing_trials_and_no_trials() -> None:
    assert paired([], [], TASKS) == ([], [])
    broken = made("one", 0, status="missing")
    assert pairs_of(paired([broken], [], TASKS)) == {"task-a": (Tally(missing=1), Tally())}


def test_the_first_unused_attempt_counts_every_harness(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert store.used(["task-a"]) == (0, 0)
    for each in (made("one", 0), made("two", 3, status="missing"), made("one", 7, task="other")):
        store.folder(each.id).mkdir()
        store.put(each)
    assert store.used(["task-a"]) == (4, 1)
    assert store.used(["task-a", "other"]) == (8, 2)
    store.close()


@pytest.mark.parametrize("names", [[], ["unknown"]])
def test_attempts_of_no_task(tmp_path: Path, names: list[str]) -> None:
    store = Store(tmp_path)
    assert store.used(names) == (0, 0)
    store.close()


def test_a_slow_down_is_the_ratio_of_seconds_for_the_same_work() -> None:
    def arm(seconds: float, work: float, status: str = "passed") -> list[Trial]:
        time = ModelTime(seconds=seconds, work=work)
        return [trial(f"{seconds}-{n}", status=status, model_time=time) for n in range(2)]

    assert slowdown((arm(10, 5), arm(30, 5))) == pytest.approx(3)
    assert slowdown((arm(10, 5), arm(20, 10))) == pytest.approx(1)
    assert slowdown((arm(10, 5), arm(0.01, 5))) is None, "too short to measure"
    assert slowdown((arm(10, 5), arm(30, 5, "missing"))) is None
    assert slowdown((arm(10, 0), arm(30, 5))) is None, "trials of earlier versions know no work"
