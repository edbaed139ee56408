"""A mechanism is named where a rollout ends with an error in exactly the form of a program, and else not."""

from __future__ import annotations

import pytest
from made_traces import bad, made, ok, signed, studied

from ahe.debug.readers.results import result
from ahe.debug.readers.trace import Step, Text, Trace
from ahe.debug.study import Task


@pytest.mark.parametrize(
    ("command", "line", "mechanism"),
    [
        ("python job.py", "ModuleNotFoundError: No module named 'numpy'", "missing_dependency"),
        ("node a.js", "Error: Cannot find module 'express'", "missing_dependency"),
        ("apt-get install x", "E: Unable to locate package x", "missing_dependency"),
        ("gti status", "bash: line 1: gti: command not found", "command_not_found"),
        ("Now I will run the tests.", "bash: line 1: Now: command not found", "command_not_found"),
        ("```bash", "bash: -c: line 1: unexpected EOF while looking for matching ``'", "shell_syntax"),
        ("echo 'a", "bash: -c: line 1: unexpected EOF while looking for matching `''", "shell_syntax"),
        ("./a", "./a: error while loading shared libraries: libx.so.1: cannot open", "missing_dependency"),
        ("gcc a.c", "a.c:3:5: error: 'x' undeclared (first use in this function)", "compile_error"),
        ("make", "make: *** [Makefile:3: a.o] Error 1", "compile_error"),
        ("cargo build", "error[E0382]: use of moved value: `name`", "compile_error"),
        ("pytest -q", "===== 2 failed, 3 passed in 0.12s =====", "test_failure"),
        ("go test ./...", "--- FAIL: TestX (0.00s)", "test_failure"),
        ("python a.py", "TypeError: unsupported operand type(s) for +", "exception"),
        ("python a.py", "app.errors.StoreError: no such record", "exception"),
        ("python s.py", "OSError: [Errno 98] Address already in use", "in_use"),
        ("curl h", "curl: (6) Could not resolve host: h", "network_error"),
        ("git rebase main", "CONFLICT (content): Merge conflict in a.py", "git_state"),
        ("cp a /b", "cp: cannot create regular file '/b': Permission denied", "permission_denied"),
        ("./run", "Segmentation fault (core dumped)", "crash"),
        ("python a.py", "json.decoder.JSONDecodeError: Expecting value", "exception"),
    ],
)
def test_the_error_that_a_rollout_ends_with_is_named(command: str, line: str, mechanism: str) -> None:
    trace = made((command, bad(f"some output\n{line}")))
    assert signed(trace).mechanism == mechanism
    finding = studied(trace).findings[studied(trace).chief]
    assert finding.why == "ended with" and finding.citation.quote == line


ERROR = ("python a.py", bad("ValueError: no rows"))


@pytest.mark.parametrize(
    "after",
    [
        [("python a.py", ok("3 rows"))],
        [("sed -i s/a/b/ a.py", ok(""))],
        [("make", ok("built"))],
    ],
)
def test_what_was_got_over_is_not_named(after: list[tuple[str, str]]) -> None:
    assert signed(made(ERROR, *after)).mechanism == "none"


def test_looking_around_after_an_error_does_not_get_over_it() -> None:
    assert signed(made(ERROR, ("cat a.py", ok("x")), ("ls", ok("a.py")))).mechanism == "exception"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("cat a.py", "raise ValueError\nValueError: no rows"),
        ("grep -rn Error .", "a.py:3: ValueError: no rows"),
        ("cat -n a.py", "     1\tValueError: no rows"),
        ("python a.py", "handled 3 errors, 0 failed"),
        ("python a.py", "WARNING: no rows\nINFO retrying after TypeError was handled"),
        ("make", "checking for ValueError: no... ok"),
    ],
)
def test_a_line_that_only_speaks_of_errors_is_not_one(command: str, said: str) -> None:
    assert signed(made((command, ok(said)))).mechanism == "none"
    assert signed(made((command, ok(said)), ("echo done", ok("done")))).mechanism == "none"


def test_viewed_files_instructions_and_prompts_are_no_evidence() -> None:
    call = Text("call", '{"file_path": "/app/q.py", "offset": 1}', "Read")
    viewed = (Step(2, "agent", (call, result("ValueError: no rows", "Read"))),)
    assert signed(Trace("a", "t", viewed, status="failed", ended="answered")).mechanism == "none"
    told = Task(known=frozenset(["ValueError: no rows"]))
    assert signed(made(ERROR), told).mechanism == "none"


def test_an_error_that_passing_rollouts_show_too_is_not_named() -> None:
    assert signed(made(ERROR), Task(results=["…\nValueError: no rows\n…"])).mechanism == "none"


def test_an_exit_code_of_0_is_believed_unless_the_command_hides_it() -> None:
    line = "===== 2 failed, 3 passed in 0.12s ====="
    assert signed(made(("pytest -q", ok(line)))).mechanism == "none"
    assert signed(made(("pytest -q | tail -1", ok(line)))).mechanism == "none", "once is not enough"
    assert signed(made(*[("pytest -q | tail -1", ok(line))] * 2)).mechanism == "test_failure"


@pytest.mark.parametrize(
    ("failed", "later"),
    [
        (
            ("wc -w Book.txt", bad("wc: Book.txt: No such file or directory")),
            ("wc -w < book.txt > n", ok("")),
        ),
        (("7z x a", bad("bash: 7z: command not found")), ("7z x -p1 a", bad("Wrong password", 2))),
        (
            ("python -c 'import numpy'", bad("ModuleNotFoundError: No module named 'numpy'")),
            ("make", ok("built")),
        ),
        (("ruff check src", bad("bash: line 1: ruff: command not found")), ("echo 1 > a", ok(""))),
    ],
)
def test_errors_that_were_got_over_or_do_not_matter_are_not_shown_at_all(
    failed: tuple[str, str], later: tuple[str, str]
) -> None:
    shown = str(studied(made(failed, later)).findings)
    assert failed[1].partition("\n")[0] not in shown


def test_a_tool_that_is_nice_to_have_is_no_mechanism() -> None:
    assert (
        signed(
            made(("pytest -q", ok("3 passed")), ("ruff check .", bad("bash: ruff: command not found")))
        ).mechanism
        == "none"
    )


def test_of_a_compilers_errors_the_first_is_shown_and_a_summary_only_alone() -> None:
    said = "cc -c a.c\na.c:3:10: fatal error: zlib.h: No such file or directory\nmake: *** [a.o] Error 1"
    rollout = studied(made(("make", bad(said))))
    assert rollout.signature is not None and rollout.signature.mechanism == "missing_dependency"
    assert rollout.findings[0].citation.quote == "a.c:3:10: fatal error: zlib.h: No such file or directory"
    two = "b.c:1:1: error: first\nb.c:2:2: error: second\nmake: *** [b.o] Error 1"
    assert studied(made(("make", bad(two)))).findings[0].citation.quote == "b.c:1:1: error: first"


def test_of_failing_tests_the_reason_is_shown_not_the_count() -> None:
    said = "E   AssertionError: 3 != 4\nFAILED t.py::test_a - AssertionError: 3 != 4\n1 failed in 0.1s"
    rollout = studied(made(("pytest", bad(said))))
    assert rollout.signature is not None and rollout.signature.mechanism == "test_failure"
    assert "3 != 4" in rollout.findings[0].citation.quote


@pytest.mark.parametrize(
    ("turn", "answer"),
    [
        (
            ("pytest -q", bad("FAILED t.py::test_a - x\n1 failed, 30 passed in 1s")),
            "Fixed; the one failure is pre-existing.",
        ),
        (("python cli.py bad.csv", bad("ValueError: bad row 3")), "cli.py rejects bad input."),
        (("python cli.py bad.csv; echo rc=$?", ok("ValueError: bad row 3\nrc=1")), "Done."),
        (("kill 12; wait", bad("bash: line 1: 12 Killed python srv.py", 137)), "Done."),
        (("python -c 'import yaml'", bad("ModuleNotFoundError: No module named 'yaml'")), "Done."),
    ],
)
def test_an_error_that_was_meant_or_explained_is_not_named(turn: tuple[str, str], answer: str) -> None:
    assert signed(made(turn, answer=answer)).mechanism == "none"


def test_an_error_after_the_work_was_checked_is_another_thing() -> None:
    turns = [
        ("sed -i s/a/b/ x.py", ok("")),
        ("pytest -q", ok("3 passed")),
        ("./publish", bad("ValueError: no token")),
    ]
    assert signed(made(*turns)).mechanism == "none"
    assert signed(made(turns[0], turns[2])).mechanism == "exception"


def test_without_an_exit_code_an_error_has_to_be_shown_again() -> None:
    once = ("python a.py", "ValueError: no rows")
    assert signed(made(once)).mechanism == "none"
    assert signed(made(once, ("sed -i s/a/b/ a.py", ""), once)).mechanism == "exception"
