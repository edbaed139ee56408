"""Signatures of failures, and the clusters that equal ones form."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from made_traces import bad, made, ok, signed

from ahe.debug.readers.trace import Step, Text
from ahe.debug.signals import endings, mechanisms, signatures
from ahe.debug.signals.acts import acts
from ahe.debug.signals.outcome import Rollout, TaskOutcome
from ahe.debug.signals.signatures import actions, clusters
from ahe.debug.signals.vocabulary import WORDS
from ahe.debug.study import Task
from ahe.records import Signature


def test_the_three_parts_come_from_verifier_ending_and_output() -> None:
    trace = made(
        ("python3 run.py", bad("ModuleNotFoundError: No module named 'yaml'")),
        verifier="FAIL: /app/out.txt is empty",
    )
    assert str(signed(trace)) == "missing_output / answered_after_error / missing_dependency"


def test_nothing_that_stands_out_is_none() -> None:
    signature = signed(made(("ls", ok("a.txt")), verifier="FAIL: expected 4, got 5"))
    assert str(signature) == "wrong_value / answered / none"


def test_the_same_actions_as_a_passing_rollout_make_a_failure_flaky() -> None:
    turns = (("make", ok("built")), ("./run", ok("4")))
    passed = made(*turns, status="passed", id="p")
    task = Task(actions={actions(acts(passed))})
    failed = made(*turns, verifier="FAIL: expected 4, got 5")
    assert signed(failed, task).cause == "flaky"
    assert signed(made(*turns[:1], verifier="FAIL: expected 4"), task).cause == "wrong_value"


def test_rollouts_without_a_call_are_never_flaky() -> None:
    task = Task(actions={actions(acts(made(status="passed")))})
    assert signed(made(verifier="FAIL: x does not exist"), task).cause == "missing_output"


def test_a_verifier_that_could_not_run_says_nothing_about_the_agent() -> None:
    trace = made(
        ("make", ok("built")),
        verifier="curl: (28) Failed to connect to astral.sh port 443\nuvx: command not found",
    )
    assert str(signed(trace)) == "infrastructure / broken / none"


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "missing"},
        {"ended": "broken"},
        {"ended": "APIConnectionError", "status": "unknown"},
    ],
)
def test_a_broken_machine_is_a_cause_of_its_own(fields: dict[str, str]) -> None:
    signature = signed(made(("ls", ok("a")), **fields))
    assert signature.cause == "infrastructure"


@pytest.mark.parametrize(
    ("ended", "status"), [("crashed", "failed"), ("bad_request", "failed"), ("RuntimeError", "missing")]
)
def test_a_fault_of_the_harness_is_neither_the_agents_nor_the_machines(ended: str, status: str) -> None:
    signature = signed(made(("ls", ok("a")), ended=ended, status=status, verifier="FAIL: expected 4, got 5"))
    assert signature.cause == "harness"


def test_a_trace_of_anything_can_be_signed() -> None:
    odd = (
        Step(1, "agent", (Text("result", "\ud800\x00 error", "x"), Text("call", "", "x"))),
        Step(2, "user", ()),
    )
    assert signed(replace(made(), steps=odd)).mechanism == "none"


def test_clusters_are_ranked_by_tasks_then_trials_and_do_not_depend_on_the_order() -> None:
    wide = Signature(cause="c", status="s", mechanism="wide")
    deep = Signature(cause="c", status="s", mechanism="deep")
    lone = Signature(cause="c", status="s", mechanism="lone")
    of = {"a": {"w1": wide, "d3": deep, "d1": deep, "d2": deep}, "b": {"w2": wide}, "c": {"l1": lone}}
    plain = Rollout("", "", "failed", "answered", turns=1, tokens=0, seconds=0)
    tasks = [
        TaskOutcome(task, tuple(replace(plain, trial=name, signature=each) for name, each in named.items()))
        for task, named in of.items()
    ]
    found = clusters(tasks)
    assert [cluster.signature.mechanism for cluster in found] == ["wide", "deep", "lone"]
    assert found[1].trials == ("d1", "d2", "d3")
    assert found[0].tasks == ("a", "b")
    dice = random.Random(1)
    for _ in range(20):
        dice.shuffle(tasks)
        assert clusters(tasks) == found


def test_no_failure_no_cluster() -> None:
    assert clusters([]) == ()


def test_every_word_of_a_table_is_in_the_vocabulary() -> None:
    tables = (signatures._CAUSES, endings._ENDED, endings._SHOWN, mechanisms._TABLE)
    assert {word for table in tables for word, _ in table} <= WORDS
