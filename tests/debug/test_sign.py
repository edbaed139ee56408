"""Signatures of failures, and the clusters that equal ones form."""

from __future__ import annotations

import random

import pytest
from ahe.debug.read import Step
from made_trials import trial

from ahe.debug.sign import clusters, last_line, sign
from ahe.records import Signature


def steps(*turns: tuple[str, str]) -> list[Step]:
    return [
        Step(id=number, source="agent", message="", calls=(command,), results=(result,))
        for number, (command, result) in enumerate(turns, 3)
    ]


OK = ("ls", "a.txt\n\n[exit code 0]")


@pytest.mark.parametrize(
    ("verifier", "cause"),
    [
        ("checking\nFAIL: /app/out.txt does not exist", "missing_output"),
        ("cat: /app/x: No such file or directory", "missing_output"),
        ("FAIL: input.csv was changed", "damaged_input"),
        ("curl: connection refused", "service_down"),
        ("FAIL: expected 4, got 5", "wrong_value"),
        ("json is not valid", "wrong_format"),
        ("Traceback (most recent call last)", "code_error"),
        ("the check timed out", "verifier_timeout"),
        ("hm", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_cause_is_read_off_the_verifiers_last_line(verifier: str, cause: str) -> None:
    assert sign(trial("t"), steps(OK), verifier).cause == cause


@pytest.mark.parametrize(
    ("ended", "turns", "status"),
    [
        ("answered", (), "no_action"),
        ("answered", (OK,), "answered"),
        ("answered", (OK, ("false", "\n[exit code 1]")), "answered_after_error"),
        ("answered", (("false", "\n[exit code 1]"), OK), "answered"),
        ("turns", (OK, ("a", ""), ("b", "")), "out_of_turns"),
        ("turns", (("a", ""), ("a", ""), ("a", "")), "looping"),
        ("seconds", (OK,), "out_of_seconds"),
        ("malformed", (OK,), "malformed"),
        ("crashed", (), "crashed"),
    ],
)
def test_the_status_is_what_the_agent_did_last(
    ended: str, turns: tuple[tuple[str, str], ...], status: str
) -> None:
    assert sign(trial("t", ended=ended), steps(*turns), "").status == status


@pytest.mark.parametrize(
    ("result", "mechanism"),
    [
        ("bash: foo: command not found\n[exit code 127]", "command_not_found"),
        ("bash: line 1: syntax error near unexpected token `('", "shell_syntax"),
        ("Traceback (most recent call last):\n  x\nKeyError: 1", "python_error"),
        ("cat: x: No such file or directory", "no_such_path"),
        ("touch: x: Read-only file system", "permission"),
        ("sort: invalid option -- 'q'", "usage_error"),
        ("[the command was stopped after 10 s]", "command_timeout"),
        ("fine", "none"),
    ],
)
def test_the_mechanism_is_the_last_kind_of_error_shown(result: str, mechanism: str) -> None:
    turns = (("first", "cat: y: Permission denied"), ("x", result), OK)
    shown = mechanism if mechanism != "none" else "permission"
    assert sign(trial("t"), steps(*turns), "").mechanism == shown
    assert sign(trial("t"), steps(("x", result)), "").mechanism == mechanism


def test_the_last_line_skips_what_is_empty() -> None:
    assert last_line("a\n  b \n\n \n") == "b"
    assert last_line("") == ""


def test_clusters_are_ranked_by_tasks_then_trials_and_do_not_depend_on_the_order() -> None:
    wide = Signature(cause="c", status="s", mechanism="wide")
    deep = Signature(cause="c", status="s", mechanism="deep")
    lone = Signature(cause="c", status="s", mechanism="lone")
    signed = [
        (trial("w1", "a"), wide),
        (trial("w2", "b"), wide),
        (trial("d1", "a"), deep),
        (trial("d2", "a"), deep),
        (trial("d3", "a"), deep),
        (trial("l1", "c"), lone),
    ]
    found = clusters(signed)
    assert [cluster.signature.mechanism for cluster in found] == ["wide", "deep", "lone"]
    assert found[1].trials == ("d1", "d2", "d3")
    assert found[0].tasks == ("a", "b")
    dice = random.Random(1)
    for _ in range(20):
        dice.shuffle(signed)
        assert clusters(signed) == found


def test_no_failure_no_cluster() -> None:
    assert clusters([]) == ()
