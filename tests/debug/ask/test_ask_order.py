"""Which question set a task gets, and on which tasks the caps are spent."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from ask_bench import ERROR, answer, bench, claim, made

from ahe.debug.ask.material import Caps, TaskState, in_order, state_of
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
        (("unknown", "missing"), "", (), "unscored"),
        (("missing",), "broken", (), None),
    ],
)
def test_the_state_of_a_task(
    statuses: tuple[Status, ...], ended: str, before: tuple[Status, ...], state: TaskState | None
) -> None:
    earlier = made("task-a", *before).outcome if before else None
    assert state_of(made("task-a", *statuses, ended=ended).outcome, earlier) == state


def test_limits_are_read_from_the_signature_too() -> None:
    outcome = made("task-a", "failed", ended="max_iterations_reached").outcome
    (rollout,) = outcome.rollouts
    assert rollout.signature is not None
    signed = rollout.signature.model_copy(update={"status": "out_of_turns"})
    assert state_of(replace(outcome, rollouts=(replace(rollout, signature=signed),))) == "limits"


def test_partly_passing_tasks_come_first_and_signatures_take_turns() -> None:
    flipped = made("task-flipped", "passed")
    tasks = [
        (made("task-always", "passed").outcome, None),
        (made("task-gone", "missing").outcome, None),
        (made("task-f1", "failed", cause="wrong_value").outcome, None),
        (made("task-f2", "failed", cause="wrong_value").outcome, None),
        (made("task-f3", "failed", cause="build_error").outcome, None),
        (made("task-slow", "failed", ended="seconds").outcome, None),
        (flipped.outcome, made("task-flipped", "failed").outcome),
        (made("task-some", "failed", "passed").outcome, None),
        (made("task-raw", "unknown").outcome, None),
    ]
    wanted = ["some", "flipped", "f1", "f3", "f2", "slow", "raw", "always"]
    for seed in range(5):
        random.Random(seed).shuffle(tasks)
        assert in_order(tasks) == [f"task-{name}" for name in wanted]


@pytest.mark.parametrize(
    ("caps", "max_tasks"),
    [
        (Caps(tasks=3, tokens_per_task=10, total_tokens=0), 3),
        (Caps(tasks=3, tokens_per_task=10, total_tokens=25), 2),
        (Caps(tasks=0, tokens_per_task=10, total_tokens=25), 2),
        (Caps(tasks=0, tokens_per_task=10, total_tokens=0), None),
        (Caps(tasks=3, tokens_per_task=10, total_tokens=5), 0),
    ],
)
def test_the_caps_bound_the_number_of_tasks(caps: Caps, max_tasks: int | None) -> None:
    assert caps.max_tasks == max_tasks


async def test_the_caps_are_spent_in_order_and_the_rest_is_named(tmp_path: Path) -> None:
    script = {"*": answer(claim("f0b#3", ERROR), first_divergence=None)}
    tasks = [made("task-c", "passed"), made("task-a", "failed"), made("task-b", "failed", "passed")]
    async with bench(tmp_path, script) as b:
        asked = await b.ask(*tasks, caps=Caps(tasks=1))
        assert {request["key"].split("/")[1] for request in b.requests} == {"task-b"}
        assert list(asked.answers) == ["task-b"]
        assert asked.unasked == ("task-a", "task-c")
        assert asked.why == "the cap on tasks is 1"
