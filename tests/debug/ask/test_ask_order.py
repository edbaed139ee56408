"""Which question set a task gets, and on which tasks the caps are spent."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from ask_bench import ERROR, answer, bench, claim, made, with_before

from ahe.debug.ask.material import Caps, TaskState, in_order
from ahe.debug.readers.trace import Status


@pytest.mark.parametrize(
    ("statuses", "ended", "before", "state"),
    [
        (("failed", "passed"), "answered", (), "partly"),
        (("failed", "passed"), "answered", ("passed", "passed"), "partly"),
        (("failed", "failed"), "answered", ("passed", "passed"), "changed"),
        (("passed", "passed"), "answered", ("failed",), "changed"),
        (("passed", "passed"), "answered", ("passed",), "passed"),
        (("failed", "missing"), "answered", (), "failed"),
        (("failed", "failed"), "answered", ("missing",), "failed"),
        (("failed", "failed"), "seconds", (), "limits"),
        (("failed",), "turns", (), "limits"),
        (("failed",), "context", (), "limits"),
        (("passed",), "turns", (), "passed"),
        (("missing",), "broken", (), None),
    ],
)
def test_the_state_of_a_task(
    statuses: tuple[Status, ...], ended: str, before: tuple[Status, ...], state: TaskState | None
) -> None:
    earlier = made("task-a", *before).outcome if before else None
    assert replace(made("task-a", *statuses, ended=ended), before=earlier).state == state


def test_limits_are_read_from_the_signature_too() -> None:
    material = made("task-a", "failed", ended="max_iterations_reached")
    (rollout,) = material.outcome.rollouts
    assert rollout.signature is not None
    signed = rollout.signature.model_copy(update={"status": "out_of_turns"})
    outcome = replace(material.outcome, rollouts=(replace(rollout, signature=signed),))
    assert replace(material, outcome=outcome).state == "limits"


def test_partly_passing_tasks_come_first_and_signatures_take_turns() -> None:
    tasks = [
        made("task-always", "passed"),
        made("task-gone", "missing"),
        made("task-f1", "failed", cause="wrong_value"),
        made("task-f2", "failed", cause="wrong_value"),
        made("task-f3", "failed", cause="build_error"),
        made("task-slow", "failed", ended="seconds"),
        with_before(made("task-flipped", "passed"), made("task-flipped", "failed", first=7)),
        made("task-some", "failed", "passed"),
    ]
    wanted = ["some", "flipped", "f1", "f3", "f2", "slow", "always"]
    for seed in range(5):
        random.Random(seed).shuffle(tasks)
        assert [each.task for each in in_order(tasks)] == [f"task-{name}" for name in wanted]


async def test_the_caps_are_spent_in_order_and_the_rest_is_named(tmp_path: Path) -> None:
    script = {"*": answer(claim("f0b#3", ERROR), first_divergence=None)}
    tasks = [made("task-c", "passed"), made("task-a", "failed"), made("task-b", "failed", "passed")]
    async with bench(tmp_path, script) as b:
        asked = await b.ask(*tasks, caps=Caps(tasks=1))
        assert {request["key"].split("/")[1] for request in b.requests} == {"task-b"}
        assert list(asked.answers) == ["task-b"]
        assert asked.notes == ("tasks not asked about: 2 (the cap on tasks is 1): task-a, task-c",)
