"""Terminal causes, from what verifiers say in the end."""

from __future__ import annotations

import pytest

from ahe.debug.readers.trace import VerifierFile
from ahe.debug.signals.signatures import cause
from ahe.debug.verifiers.failures import failures


def of(text: str) -> str:
    return cause(failures((VerifierFile("test-stdout.txt", text),)))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("checking\nFAIL: /app/out.txt does not exist", "missing_output"),
        ("cat: /app/x: No such file or directory", "missing_output"),
        ("FAIL: /app/out.txt: missing (expected a file)", "missing_output"),
        ("FAIL: /app/out.txt: is empty", "missing_output"),
        ("FAIL: /app/a.tmp: is still there", "leftover"),
        ("FAIL: input.csv was changed", "damaged_input"),
        ("FAIL: /app/in.csv: the input file is missing", "damaged_input"),
        ("curl: (7) Failed to connect: connection refused", "service_down"),
        ("FAIL: http://127.0.0.1:8123/x: answered with status 404", "service_down"),
        ("FAIL: expected 4, got 5", "wrong_value"),
        ("FAIL: /app/timeout.txt: line 1 is wrong: 'no such file'", "wrong_value"),
        ("json is not valid", "wrong_value"),
        ("FAIL: /app/keys: mode is 755, expected 700", "wrong_value"),
        ("FAIL: run.sh: ended with exit code 2", "code_error"),
        ("FAIL: there is no new commit on main", "repository_state"),
        ("FAIL: greet.py: ended with an error: NameError: name 'x' is not defined", "code_error"),
        ("ModuleNotFoundError: No module named 'shop'", "build_error"),
        ("FAIL: main.c does not compile", "build_error"),
        ("the check timed out", "too_slow"),
        ("FAIL: took 12.1 s, limit 5", "too_slow"),
        ("/tests/test.sh: line 3: uv: command not found\nE: Unable to locate package curl", "verifier_error"),
        ("hm", "unknown"),
        ("", "no_verdict"),
    ],
)
def test_the_cause_is_read_off_what_decides(text: str, wanted: str) -> None:
    assert of(text) == wanted


def test_no_file_no_verdict() -> None:
    assert cause(()) == "no_verdict"


def test_a_decorator_named_timeout_makes_no_timeout() -> None:
    text = """\
=================================== FAILURES ===================================
___________________________________ test_sum ___________________________________

    @pytest.mark.timeout(30)
    def test_sum():
>       assert total(wait="timeout") == 4
E       AssertionError: assert 5 == 4
E        +  where 5 = total(wait='timeout')

test_sum.py:4: AssertionError
"""
    assert of(text) == "wrong_value"


def test_most_failures_decide_and_of_equally_many_the_first() -> None:
    assert of("FAIL: a: is still there\nFAIL: b does not exist\nFAIL: c does not exist") == "missing_output"
    assert of("FAIL: a: is still there\nFAIL: b does not exist") == "leftover"
    assert of("FAIL: hm\nFAIL: ho\nFAIL: b does not exist") == "missing_output"
