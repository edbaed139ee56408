"""The acts of a failed rollout that a reader has to see, quoted as they were recorded."""

from __future__ import annotations

import json

import pytest
from made_traces import Turn, bad, made, ok, studied

from ahe.debug.ask.citations import flat_texts
from ahe.debug.rank.decisive import COMMAND, UNREPEATED, cite, names
from ahe.debug.readers.results import result
from ahe.debug.readers.trace import Step, Text, Trace
from ahe.debug.signals.acts import acts
from ahe.debug.verifiers.failure import Failure


def told(trace: Trace) -> list[tuple[str, str, str]]:
    """Why, command, line."""
    return [(f.why, f.ran.quote if f.ran else "", f.citation.quote) for f in studied(trace).findings]


def test_the_last_act_about_what_the_verifier_names_is_shown() -> None:
    trace = made(
        ("echo 1 > /app/out.csv", ok("")),
        ("python check.py", ok("looks fine")),
        ("touch other", ok("")),
        verifier="FAIL: /app/out.csv has no header",
    )
    assert told(trace) == [
        ("last change to out.csv", "", "echo 1 > /app/out.csv"),
        ("last check", "python check.py", "looks fine"),
        ("last change", "", "touch other"),
        ("its last words", "", "Done."),
    ]
    assert studied(trace).chief == 0 and studied(trace).best == studied(trace).findings[0].citation


def test_an_error_that_was_got_over_is_not_shown() -> None:
    trace = made(
        ("pytest -q", bad("1 failed in 0.1s")), ("sed -i s/a/b/ x.py", ok("")), ("pytest -q", ok("2 passed"))
    )
    assert "failed" not in str(told(trace))


def test_an_error_that_nothing_got_over_is_shown_though_it_names_no_mechanism() -> None:
    trace = made(("./deploy.sh", bad("ConnectionError: refused")), ("echo x > y", ok("")))
    assert told(trace)[0] == ("failed, and nothing got over it", "./deploy.sh", "ConnectionError: refused")
    assert studied(trace).signature is not None and studied(trace).signature.mechanism == "none"  # type: ignore[union-attr]


def test_an_error_after_which_a_command_succeeded_is_not_shown() -> None:
    trace = made(
        ("./deploy.sh", bad("ConnectionError: refused")), ("make", ok("built")), ("echo x > y", ok(""))
    )
    assert "refused" not in str(told(trace))


@pytest.mark.parametrize(
    ("check", "line", "green"),
    [
        ("npm run build", "src/a.ts(3,1): error TS2304: Cannot find name 'x'.", ("npm test", ok("9 passed"))),
        ("make", "make: *** [Makefile:3: a.o] Error 1", ("python -m pytest -q", ok("9 passed"))),
        ("cargo test --all", "test result: FAILED. 1 passed; 1 failed", ("cargo build", ok("Finished"))),
        ("npx tsc --noEmit", "a.ts(3,1): error TS2304: Cannot find name 'x'.", ("npx vitest run", ok("ok"))),
    ],
)
def test_a_failed_check_counts_before_a_later_green_one_of_another_kind(
    check: str, line: str, green: Turn
) -> None:
    edit = ("echo 1 > a.txt", ok(""))
    trace = made(edit, (check, bad(line)), edit, green)
    first = studied(trace)
    chief = first.findings[first.chief]
    assert (chief.why, chief.ran and chief.ran.quote) == (UNREPEATED, check)
    assert line.startswith(chief.citation.quote) and told(trace)[-2][0] == "last check"
    assert UNREPEATED not in str(
        told(made(edit, (check, bad(line)), green, (f"cd x && {check}", ok("fine"))))
    )
    assert UNREPEATED not in str(told(made((check, bad(line)), edit, green))), "the state that it was given"


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("python reproduce.py", "ValueError: x"),
        ("python -m pytest -q", "/usr/bin/python: No module named pytest"),
        ("make tests", "make: *** No rule to make target 'tests'.  Stop."),
        ("ruff check . && make lint", "bash: ruff: command not found"),
        ("make || true", "make: *** [Makefile:3: a.o] Error 1"),
    ],
)
def test_what_is_not_a_check_or_never_ran_is_not_a_failed_check(check: str, said: str) -> None:
    edit = ("echo 1 > a.txt", ok(""))
    assert UNREPEATED not in str(told(made(edit, (check, bad(said)), ("./verify.sh", ok("fine")))))


def test_of_an_edit_the_path_is_quoted_not_what_it_writes() -> None:
    call = '{"file_path": "/app/q.py", "old_string": "raise KeyError", "new_string": "x"}'
    texts = (Text("call", call, "Edit"), result("updated", "Edit"))
    found = acts(Trace("a", "t", (Step(1, "agent", texts),)))[0]
    assert cite("a", found).quote == '"file_path": "/app/q.py"…'


def test_every_quote_stands_in_its_step() -> None:
    command = "cd /app\nset -e\npython - <<'EOF'\nprint(\"a\\n\")\nEOF"
    call = json.dumps({"command": command, "timeout": 5})
    patch = "*** Begin Patch\n*** Update File: src/lib.rs\n@@\n-a\n+b\n*** End Patch"
    texts = (Text("call", call, "Bash"), result("x" * 900, "Bash"), Text("call", patch, "apply_patch"))
    trace = Trace(
        "a1",
        "t",
        (Step(1, "agent", texts), Step(2, "agent", (Text("message", "word " * 300),))),
        status="failed",
    )
    found = studied(trace)
    quotes = [c for f in found.findings for c in (f.citation, f.ran) if c] + [found.last]
    steps = {step.id: step for step in trace.steps}
    for citation in filter(None, quotes):
        assert citation.words and any(citation.words in text for text in flat_texts(steps[citation.step]))
        assert "\n" not in citation.quote and len(citation.quote) <= 250
    assert found.last is not None and found.last.quote == "*** Update File: src/lib.rs…"


def test_a_long_command_is_cut_and_marked_and_its_first_telling_line_is_quoted() -> None:
    long = acts(made(("x" * 1_000, ok(""))))[0]
    assert cite("f", long).quote == "x" * COMMAND + "…"
    lines = acts(made(("cd /x\n# prepare\npython go.py\necho end", ok(""))))[0]
    assert cite("f", lines).quote == "python go.py…"


def test_names_are_paths_and_identifiers_of_the_agents_side() -> None:
    said = [
        Failure(
            "tests/test_a.py::test_b", "", "AssertionError: /app/out.csv and `max_rows` in tests/test_a.py:3"
        )
    ]
    assert names(said) == ("out.csv", "max_rows")


def test_a_rollout_without_acts_shows_its_last_words_or_nothing() -> None:
    assert told(made()) == [("its last words", "", "Done.")]
    assert studied(Trace("a1", "t", (), status="failed")).best is None
