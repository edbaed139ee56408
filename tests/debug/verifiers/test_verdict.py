"""Verdicts in JSON, whatever a grader calls its fields → what failed, in the grader's words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.debug.readers.trace import VerifierFile
from ahe.debug.verifiers.failures import failures


def said(value: Any, name: str = "verdict.json") -> list[tuple[str, str]]:
    text = value if isinstance(value, str) else json.dumps(value, indent=2)
    return [(failure.test, failure.decisive) for failure in failures((VerifierFile(name, text),))]


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (
            {
                "status": "gate_failed",
                "reason": "imports a package that is not allowed",
                "cases": [],
                "reward": 0,
            },
            [("", "imports a package that is not allowed")],
        ),
        (
            {
                "cases": [
                    {"name": "no_rows", "passed": False, "checks": {"shape": True, "order": False}},
                    {"name": "one_row", "passed": True, "checks": {"shape": True, "order": True}},
                ],
                "passed": 1,
                "reward": 0.5,
            },
            [("no_rows order", "no_rows order: false")],
        ),
        (
            {"tests": [{"nodeid": "t.py::a", "outcome": "failed", "call": {"longrepr": "E  KeyError: 'a'"}}]},
            [("t.py::a", "KeyError: 'a'")],
        ),
        ({"results": {"builds": "PASSED", "serves": "FAILED"}}, [("serves", "serves: FAILED")]),
        (
            {"results": [{"id": 3, "correct": False, "expected": 4, "actual": 5}]},
            [("3", "expected 4, got 5")],
        ),
        ({"success": False, "error": {"message": "port 80 is closed"}}, [("", "port 80 is closed")]),
        (
            {"rubric": {"cites sources": {"score": 0, "explanation": "no source is cited", "name": "cites"}}},
            [("cites sources", "no source is cited")],
        ),
        (
            {"checks": {"no_errors": False, "timed_out": False, "file_written": False}},
            [("file_written", "file_written: false")],
        ),
        (
            {
                "x-1": {
                    "resolved": False,
                    "tests_status": {"FAIL_TO_PASS": {"success": [], "failure": ["t.py::a"]}},
                }
            },
            [("t.py::a", "t.py::a: failed")],
        ),
        (
            {"result": {"reward": 0, "explanation": "the sum of row 3 is wrong"}},
            [("", "the sum of row 3 is wrong")],
        ),
        (
            {"criteria": [{"criterion": "tested", "met": False, "reasoning": "no test was added"}]},
            [("tested", "no test was added")],
        ),
        ({"tests": {"failed": 0, "errors": 0, "duration": 0.4}, "note": "ok"}, []),
        ({"is_correct": False, "predicted": "5", "target": "6"}, [("", "expected 6, got 5")]),
        (
            {
                "overall": {"passed": False},
                "steps": [{"name": "serve", "status": "FAIL", "log": "port 80 is closed"}],
            },
            [("serve", "port 80 is closed"), ("overall", "overall: failed")],
        ),
        (
            {
                "testResults": [
                    {
                        "assertionResults": [
                            {"fullName": "a b", "status": "failed", "failureMessages": ["3, not 4"]}
                        ]
                    }
                ]
            },
            [("a b", "3, not 4")],
        ),
        ({"passed": True, "message": "all is well"}, []),
        (
            {"passed": False, "message": "Test failed", "details": ["row 3 is missing"]},
            [("", "row 3 is missing")],
        ),
        ([{"test": "a", "ok": False, "msg": "", "why": "it differs"}], [("a", "it differs")]),
        (
            '{"test": "a", "status": "fail", "message": "x is 3"}\n{"test": "b", "status": "ok"}\n',
            [("a", "x is 3")],
        ),
        ('{"passed": false, "reason": "the file was cu', [("", "the file was cu")]),
    ],
)
def test_reasons_and_failed_checks(value: Any, wanted: list[tuple[str, str]]) -> None:
    assert said(value) == wanted


def test_a_pretty_printed_verdict_is_not_quoted_by_its_last_line() -> None:
    found = said({"data": {"rows": [1, 2]}, "flags": {"fast": True}})
    assert all(line not in ("}", "]", "") for _, line in found)


deep = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=9) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["checks", "passed", "reason", "name", "error", "score", "x"]), inner, max_size=5
        )
    ),
    max_leaves=30,
)


@given(deep)
def test_no_json_raises(value: Any) -> None:
    for failure in failures((VerifierFile("v.json", json.dumps(value)),)):
        assert failure.decisive in failure.message


def test_a_verdict_of_any_size_is_bounded() -> None:
    many = {"tests": [{"name": f"t{n}", "passed": False, "reason": "x" * 5_000} for n in range(5_000)]}
    found = failures((VerifierFile("v.json", json.dumps(many)),))
    assert len(found) == 200 and max(len(failure.message) for failure in found) == 2_000
    assert failures((VerifierFile("v.json", "[" * 100_000),)) is not None


def test_the_components_of_a_reward_are_checks() -> None:
    assert said({"reward": 0, "correctness": 0, "style": 1.0}, "reward.json") == [
        ("correctness", "correctness: 0")
    ]
    assert said({"reward": 0}, "reward.json") == []
