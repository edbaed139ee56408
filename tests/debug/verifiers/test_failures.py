"""Each framework's output, as it really looks → the failed tests and the line of each that decides."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ahe.debug.readers.trace import VerifierFile
from ahe.debug.verifiers.failures import decisive_line, failures

PYTEST = """\
============================= test session starts ==============================
platform linux -- Python 3.11.7, pytest-8.3.4, pluggy-1.5.0
rootdir: /tests
collected 3 items

test_outputs.py F.F                                                      [100%]

=================================== FAILURES ===================================
______________________________ test_report_exists ______________________________

    @pytest.mark.timeout(30)
    def test_report_exists():
        # a connection refused here would be a surprise
        path = Path("/app/report.csv")
>       assert path.exists(), f"{path} does not exist"
E       AssertionError: /app/report.csv does not exist
E       assert False
E        +  where False = exists()

test_outputs.py:14: AssertionError
----------------------------- Captured stdout call -----------------------------
looking for the report
_____________________________ TestTotals.test_sum ______________________________

self = <test_outputs.TestTotals object at 0x7f1>

    def test_sum(self):
        total = compute()
>       assert total == 42
E       assert 41 == 42

test_outputs.py:31: AssertionError
=========================== short test summary info ============================
FAILED test_outputs.py::test_report_exists - AssertionError: /app/report.csv ...
FAILED test_outputs.py::TestTotals::test_sum - assert 41 == 42
========================= 2 failed, 1 passed in 0.12s ==========================
"""

CHAINED = """\
=================================== FAILURES ===================================
___________________________________ test_it ____________________________________

    def test_it():
        try:
>           json.loads("")
E           json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)

/usr/lib/python3.11/json/decoder.py:355: JSONDecodeError

During handling of the above exception, another exception occurred:

    def test_it():
>           raise ValueError("the settings cannot be read")
E           ValueError: the settings cannot be read

test_x.py:9: ValueError
"""

UNITTEST = """\
.F
======================================================================
FAIL: test_full (test_pages.PagesTest.test_full)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/app/test_pages.py", line 9, in test_full
    self.assertEqual(page_count(10, 5), 2, timeout)
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
AssertionError: 3 != 2

======================================================================
ERROR: test_empty (test_pages.PagesTest)
Pages of nothing.
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/app/test_pages.py", line 12, in test_empty
    page_count(0, 0)
ZeroDivisionError: integer division or modulo by zero

----------------------------------------------------------------------
Ran 2 tests in 0.001s

FAILED (failures=1, errors=1)
"""

GO = """\
=== RUN   TestParse
=== RUN   TestParse/empty
    parse_test.go:21: got 3, want 0
=== RUN   TestParse/long
--- FAIL: TestParse (0.00s)
    --- FAIL: TestParse/empty (0.00s)
    --- PASS: TestParse/long (0.00s)
=== RUN   TestStore
--- FAIL: TestStore (0.01s)
panic: assignment to entry in nil map

goroutine 7 [running]:
FAIL\texample.org/app\t0.012s
FAIL
"""

GO_BUILD = """\
# example.org/app
./main.go:7:2: undefined: helper
FAIL\texample.org/app [build failed]
FAIL
"""

JUNIT = """\
<?xml version="1.0" encoding="utf-8"?>
<testsuites><testsuite name="s" tests="3">
<testcase classname="tests.test_api.TestApi" name="test_status" time="0.1">
<failure message="AssertionError: assert 500 == 200">def test_status():
        timeout = 3
&gt;       assert get("/") == 200
E       AssertionError: assert 500 == 200

tests/test_api.py:9: AssertionError</failure></testcase>
<testcase classname="com.shop.CartTest" name="adds" time="0.2">
<error type="java.lang.NullPointerException" message="Cannot invoke &quot;Cart.add()&quot; because &quot;cart&quot; is null">java.lang.NullPointerException: Cannot invoke
\tat com.shop.CartTest.adds(CartTest.java:12)</error></testcase>
<testcase classname="a" name="fine"/>
</testsuite></testsuites>
"""

TAP = """\
TAP version 13
1..4
ok 1 - starts
not ok 2 - stops
  ---
  message: 'process 12 is still running'
  severity: fail
  ...
not ok 3 - later # TODO not written yet
not ok 4 lists files
# (in test file list.bats, line 7)
#   `[ "$status" -eq 0 ]' failed
# ls: cannot access '/app/out': No such file or directory
"""

CARGO = """\
running 2 tests
test adds ... FAILED

failures:

---- adds stdout ----

thread 'adds' panicked at src/lib.rs:12:9:
assertion `left == right` failed
  left: 3
 right: 4
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace


failures:
    adds

test result: FAILED. 0 passed; 1 failed; 0 ignored
"""

JEST = """\
FAIL src/sum.test.js
  ● sum › adds numbers

    expect(received).toBe(expected) // Object.is equality

    Expected: 4
    Received: 3

      3 | test('adds', () => {
    > 4 |   expect(sum(1, 2)).toBe(4);
        |                     ^
      at Object.<anonymous> (src/sum.test.js:4:21)

Tests:       1 failed, 1 total
"""


MOCHA = """\
  pages
    1) counts the last page
    ✓ counts none

  0 passing (4ms)
  1 failing

  1) pages
       counts the last page:

      AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:

3 !== 2

      + expected - actual
      at Context.<anonymous> (test/pages.js:8:12)
"""

RSPEC = """\
Failures:

  1) Cart adds an item
     Failure/Error: expect(cart.total).to eq(4)

       expected: 4
            got: 3
     # ./spec/cart_spec.rb:9:in 'block (2 levels) in <top (required)>'

Finished in 0.01 seconds
2 examples, 1 failure

Failed examples:

rspec ./spec/cart_spec.rb:7 # Cart adds an item
"""

GTEST = """\
[==========] Running 2 tests from 1 test suite.
[ RUN      ] Pages.Counts
pages_test.cc:9: Failure
Expected equality of these values:
  pages(10)
    Which is: 3
  2
[  FAILED  ] Pages.Counts (0 ms)
[ RUN      ] Pages.None
[       OK ] Pages.None (0 ms)
[  PASSED  ] 1 test.
[  FAILED  ] 1 test, listed below:
[  FAILED  ] Pages.Counts
"""

VITEST = """\
 FAIL  src/sum.test.ts > adds numbers
AssertionError: expected 3 to be 4 // Object.is equality
 ❯ src/sum.test.ts:4:21

 Test Files  1 failed (1)
"""


def ctrf(*tests: dict[str, str]) -> str:
    return json.dumps({"results": {"tool": {"name": "pytest"}, "summary": {}, "tests": list(tests)}})


CTRF = ctrf(
    {"name": "test_outputs.py::test_a", "status": "passed"},
    {
        "name": "test_outputs.py::test_b",
        "status": "failed",
        "message": "The test failed in the call phase due to an assertion error",
        "trace": "    def test_b():\n        refused = 1\n>       assert f() == 2\nE       AssertionError: rows: 1, not 2\nE       assert 1 == 2\n",
    },
    {"name": "test_outputs.py::test_c", "status": "failed", "message": "port 80 answers nothing"},
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            PYTEST,
            [
                ("test_report_exists", "AssertionError: /app/report.csv does not exist"),
                ("TestTotals.test_sum", "assert 41 == 42"),
            ],
        ),
        (CHAINED, [("test_it", "ValueError: the settings cannot be read")]),
        (
            UNITTEST,
            [
                ("test_full (test_pages.PagesTest.test_full)", "AssertionError: 3 != 2"),
                (
                    "test_empty (test_pages.PagesTest)",
                    "ZeroDivisionError: integer division or modulo by zero",
                ),
            ],
        ),
        (
            GO,
            [
                ("TestParse/empty", "parse_test.go:21: got 3, want 0"),
                ("TestStore", "panic: assignment to entry in nil map"),
            ],
        ),
        (GO_BUILD, [("example.org/app", "./main.go:7:2: undefined: helper")]),
        (
            JUNIT,
            [
                ("tests.test_api.TestApi::test_status", "AssertionError: assert 500 == 200"),
                (
                    "com.shop.CartTest::adds",
                    'Cannot invoke "Cart.add()" because "cart" is null',
                ),
            ],
        ),
        (
            TAP,
            [
                ("stops", "process 12 is still running"),
                ("lists files", '#   `[ "$status" -eq 0 ]\' failed'),
            ],
        ),
        (CARGO, [("adds", "assertion `left == right` failed")]),
        (JEST, [("sum › adds numbers", "expect(received).toBe(expected) // Object.is equality")]),
        (
            MOCHA,
            [("pages", "AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:")],
        ),
        (RSPEC, [("Cart adds an item", "Failure/Error: expect(cart.total).to eq(4)")]),
        (GTEST, [("Pages.Counts", "pages_test.cc:9: Failure")]),
        (
            VITEST,
            [("src/sum.test.ts > adds numbers", "AssertionError: expected 3 to be 4 // Object.is equality")],
        ),
        (
            CTRF,
            [
                ("test_outputs.py::test_b", "AssertionError: rows: 1, not 2"),
                ("test_outputs.py::test_c", "port 80 answers nothing"),
            ],
        ),
    ],
    ids=[
        "pytest",
        "chained",
        "unittest",
        "go",
        "go-build",
        "junit",
        "tap",
        "cargo",
        "jest",
        "mocha",
        "rspec",
        "gtest",
        "vitest",
        "ctrf",
    ],
)
def test_the_failed_tests_and_what_decides(text: str, wanted: list[tuple[str, str]]) -> None:
    found = failures((VerifierFile("out", text),))
    assert [(failure.test, failure.decisive) for failure in found] == wanted
    assert all(failure.decisive in failure.message for failure in found)


@pytest.mark.parametrize("text", [PYTEST, CHAINED, UNITTEST, GO, GO_BUILD, TAP, CARGO, JEST])
def test_a_decisive_line_stands_in_the_file(text: str) -> None:
    found = failures((VerifierFile("out", text),))
    assert found and all(failure.decisive in text for failure in found)


@pytest.mark.parametrize("text", [PYTEST, CHAINED, UNITTEST, JEST, CTRF])
def test_echoed_source_is_no_part_of_the_message(text: str) -> None:
    said = "\n".join(failure.message for failure in failures((VerifierFile("out", text),)))
    for source in ("timeout", "refused", "def test", "json.loads", "expect(sum"):
        assert source not in said


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("\nFAIL: /app/out.txt: is empty\n", ["FAIL: /app/out.txt: is empty"]),
        ("ok 1\nchecking\ntotal is 4, expected 5\nexit 1\n", ["total is 4, expected 5"]),
        ("[PASS] a\n[FAIL] b is missing\n✗ c differs\n", ["[FAIL] b is missing", "✗ c differs"]),
        (
            "Traceback (most recent call last):\n  File \"/tests/v.py\", line 3, in <module>\n    timeout()\nKeyError: 'n'\n",
            ["KeyError: 'n'"],
        ),
        ("+ test -f /app/out\n+ echo 0\nno output file\n", ["no output file"]),
        ("\n \n", []),
        ("", []),
    ],
)
def test_plain_output(text: str, wanted: list[str]) -> None:
    assert [failure.decisive for failure in failures((VerifierFile("test-stdout.txt", text),))] == wanted


def test_a_check_of_a_shell_beside_tests_is_a_failure_too() -> None:
    text = "FAIL: files below tests/ were modified\nFAILED tests/t.py::test_a - AssertionError: x\n1 failed in 0.1s\n"
    found = failures((VerifierFile("test-stdout.txt", text),))
    assert [each.decisive for each in found] == [
        "AssertionError: x",
        "FAIL: files below tests/ were modified",
    ]


def test_a_traceback_names_its_place_and_a_count_of_failures_is_no_reason() -> None:
    text = (
        'Traceback (most recent call last):\n  File "/app/main.py", line 8, in <module>\n    run()\n'
        "TypeError: Order() lacks an argument\nFAILED: 1 of 4 entry points\n"
    )
    (found,) = failures((VerifierFile("o", text),))
    assert found.decisive == "TypeError: Order() lacks an argument"
    assert found.message.endswith('File "/app/main.py", line 8, in <module>')


def test_summary_alone_is_enough_for_pytest() -> None:
    text = "FAILED tests/test_a.py::test_x[1/2] - KeyError: 'a'\nERROR tests/test_b.py - ImportError: no\n== 2 failed in 0.1s ==\n"
    found = failures((VerifierFile("o", text),))
    assert [(f.test, f.decisive) for f in found] == [
        ("tests/test_a.py::test_x[1/2]", "KeyError: 'a'"),
        ("tests/test_b.py", "ImportError: no"),
    ]


def test_go_events_read_like_plain_output() -> None:
    lines = []
    for line in GO.splitlines(keepends=True):
        lines.append(json.dumps({"Action": "output", "Package": "p", "Output": line}, separators=(",", ":")))
    lines.append("a build line")
    again = failures((VerifierFile("o", "\n".join(lines)),))
    plain = failures((VerifierFile("o", GO),))
    assert [(f.test, f.decisive) for f in again] == [(f.test, f.decisive) for f in plain]


def test_a_structured_file_comes_first_and_the_text_fills_what_it_lacks() -> None:
    bare = ctrf({"name": "test_outputs.py::TestTotals::test_sum", "status": "failed"})
    files = [VerifierFile("test-stdout.txt", PYTEST), VerifierFile("ctrf.json", bare)]
    found = failures(files)
    assert [f.decisive for f in found] == [
        "assert 41 == 42",
        "AssertionError: /app/report.csv does not exist",
    ]
    assert failures(files[::-1]) == found


def test_the_order_of_files_plays_no_part() -> None:
    files = [
        VerifierFile(name, text)
        for name, text in (
            ("a", PYTEST),
            ("b", UNITTEST),
            ("c", "FAIL: x"),
            ("d", JUNIT),
            ("reward.txt", "0"),
        )
    ]
    wanted = failures(files)
    dice = random.Random(3)
    for _ in range(10):
        dice.shuffle(files)
        assert failures(files) == wanted
    assert decisive_line(wanted) == wanted[0].decisive


def test_xml_that_declares_entities_is_refused_and_a_broken_one_read_as_far_as_it_goes() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><testsuite><testcase name="t"><failure message="&a;"/></testcase></testsuite>'
    assert failures((VerifierFile("j.xml", bomb),)) == ()
    broken = JUNIT[: JUNIT.index('</testcase>\n<testcase classname="a"') + len("</testcase>")]
    assert len(failures((VerifierFile("j.xml", broken),))) == 2


def test_the_reward_is_no_output() -> None:
    assert failures((VerifierFile("reward.txt", "0\n"), VerifierFile("reward.json", '{"reward": 0}'))) == ()


@given(
    st.lists(
        st.sampled_from(
            [*"\n".join((PYTEST, UNITTEST, GO, TAP, JUNIT, CARGO, CTRF)).split("\n"), "\x00", "\ud800"]
        ),
        max_size=30,
    )
)
def test_no_shuffled_output_raises(lines: list[str]) -> None:
    text = "\n".join(lines)
    for failure in failures((VerifierFile("x", text), VerifierFile("y", text[::-1]))):
        assert failure.decisive in failure.message


@pytest.mark.parametrize(
    "piece",
    [
        "\n",
        " ",
        ".",
        "= ",
        "E ",
        "FAILED a ",
        "  at a",
        "1",
        "not ok 1 - a\n",
        "[ RUN      ] A.b\n",
        '{"a": [',
        "___ ",
    ],
)
def test_output_of_any_shape_takes_time_in_proportion_to_its_length(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    for failure in failures(
        (VerifierFile("x", text), VerifierFile("y", f"= {text}"), VerifierFile("z", f"1 failing\n{text}"))
    ):
        assert len(failure.message) <= 2_000 and len(failure.decisive) <= 2_000
