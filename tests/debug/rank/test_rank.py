"""The decisive line, found among lines that only look like it."""

from __future__ import annotations

import pickle
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_traces import bad, candidates, made, ok

from ahe.debug.rank.rank import SHARED, mechanism, rank, supported
from ahe.debug.rank.survey import passing_templates, survey
from ahe.debug.readers.trace import Trace
from ahe.debug.signals.templates import Frequency

BUILD = "\n".join(f"  CC  src/part{n}.o" for n in range(40))


def best(trace: Trace, *passing: Trace) -> str:
    return rank(candidates(trace, passing=passing_templates(passing)))[0].line


def test_a_candidate_says_exactly_where_it_stands() -> None:
    trace = made(
        ("make", ok(BUILD)), ("./run", bad("starting\n  OSError: [Errno 28] No space left on device\nbye"))
    )
    found = candidates(trace)[0]
    assert (found.step, found.text, found.number) == (3, 2, 2)
    text = trace.steps[found.step - 1].texts[found.text].text
    assert text.split("\n")[found.number - 1] == found.line == "  OSError: [Errno 28] No space left on device"
    assert found.mechanism == "disk_full"
    assert found.score == pytest.approx(sum(value for _, value in found.parts), abs=0.01)


def test_what_passing_rollouts_show_too_is_no_cause() -> None:
    shared = (
        "apt-get install x",
        ok("debconf: unable to initialize frontend: Dialog\nW: Failed to fetch http://a/b"),
    )
    failing = made(shared, ("./serve &", ok("note: config /etc/app.toml not found, using defaults")))
    passing = made(shared, ("./serve &", ok("config /etc/app.toml read")), status="passed", id="p")
    assert best(failing, passing) == "note: config /etc/app.toml not found, using defaults"
    assert best(failing) != ""


def test_a_harmless_looking_line_is_carried_by_being_new() -> None:
    failing = made(("./load", ok("reading the archive\nthe second disk answers slowly today\nfinished")))
    passing = made(("./load", ok("reading the archive\nfinished")), status="passed", id="p")
    found = candidates(failing, passing=passing_templates([passing]))
    assert [c.line for c in found if c.mechanism == "none"] == ["the second disk answers slowly today"]
    assert not found[0].known


def test_other_tasks_that_pass_with_a_line_clear_it() -> None:
    failing = made(
        ("./a", ok("warning: retrying request after timeout")),
        ("./b", ok("quota of build exceeded, 3 files not written")),
    )
    found = candidates(failing)
    passing, fails = Frequency(), Frequency()
    seen = {c.template for c in found if "retrying" in c.line} | {
        c.shape for c in found if "retrying" in c.line
    }
    for _ in range(10):
        passing.add(seen)
        fails.add(())
    ranked = rank(found, passing, fails)
    assert ranked[0].mechanism == "disk_full"
    assert dict(ranked[-1].parts)["other tasks pass with it"] < 0


def test_the_first_error_of_an_output_comes_before_what_follows_from_it() -> None:
    result = "\n".join(
        (
            "gcc -c main.c",
            "main.c:3:10: fatal error: zlib.h: No such file or directory",
            "compilation terminated.",
            "make: *** [Makefile:4: main.o] Error 1",
        )
    )
    assert best(made(("make", bad(result, 2)))).startswith("main.c:3:10")


def test_the_root_of_a_java_chain() -> None:
    result = "\n".join(
        (
            'Exception in thread "main" java.lang.RuntimeException: start failed',
            "\tat com.shop.Main.main(Main.java:3)",
            "Caused by: java.net.BindException: Address already in use",
            "\tat java.base/sun.nio.ch.Net.bind0(Native Method)",
        )
    )
    assert best(made(("java Main", bad(result)))).startswith("Caused by")


def test_an_error_that_was_overcome_counts_for_less_than_a_quiet_one_that_was_not() -> None:
    trace = made(
        ("pip install x", bad("ERROR: Could not find a version that satisfies the requirement x")),
        ("pip install x", ok("Successfully installed x")),
        ("./import", ok("0 rows imported from /data/in.csv")),
        ("./report", ok("written")),
    )
    assert best(trace) == "0 rows imported from /data/in.csv"


def test_what_the_agent_wrote_itself_and_source_it_read_are_no_events() -> None:
    script = 'echo "fatal: no space left on device"'
    trace = made(
        (f"cat > a.sh <<E\n{script}\nE\ncat a.sh", ok(script)),
        ("cat lib.py", ok('    raise RuntimeError("out of memory")')),
        ("./b", bad("curl: (6) Could not resolve host: db")),
    )
    assert best(trace) == "curl: (6) Could not resolve host: db"


def test_an_error_that_was_provided_for_counts_for_less() -> None:
    trace = made(
        ("ls /x || true", ok("ls: cannot access '/x': No such file or directory")),
        ("./b", ok("skipping part 2")),
    )
    assert best(trace) == "skipping part 2"


def test_a_log_that_is_read_tells_of_events() -> None:
    trace = made(("tail -n 50 /var/log/app.log", ok("ERROR bind: address already in use")))
    assert "content of a file" not in dict(candidates(trace)[0].parts)


def test_a_command_that_destroys_counts_where_the_verifier_misses_what_was_there() -> None:
    turns = (("cd /app && rm -rf data/*", ok("")), ("ls", ok("x")))
    found = candidates(made(*turns, verifier="FAIL: input.csv was changed"))
    assert found[0].mechanism == "destructive_edit" and found[0].channel == "call"
    assert mechanism(rank(found)).mechanism == "destructive_edit"
    assert mechanism(rank(candidates(made(*turns, verifier="FAIL: expected 4")))).mechanism == "none"


def test_harness_lines_and_limits() -> None:
    trace = made(("false", "[the command was stopped after 10 s]\n[exit code 124]\n[left: 3 turns, 20 s]"))
    assert [c.line for c in candidates(trace)] == ["[the command was stopped after 10 s]"]


def test_a_very_long_line_is_quoted_in_part() -> None:
    line = "a" * 1_500 + " error: permission denied " + "b" * 3_000
    found = candidates(made(("x", bad(line))))[0]
    assert found.mechanism == "permission_denied"
    assert found.line in line and "permission denied" in found.line and len(found.line) <= 600


def test_there_are_never_more_than_asked_for_and_they_travel() -> None:
    text = "\n".join(f"error: thing {chr(97 + n % 26)}{chr(97 + n // 26)} failed at {n}" for n in range(300))
    for most in (1, 5, 40):
        found = survey(made(("x", bad(text))), None, most)
        assert len(found.candidates) == most
        assert pickle.loads(pickle.dumps(found)) == found


def named(line: str) -> str:
    return mechanism(rank(candidates(made(("x", bad(line)))))).mechanism


def test_the_mechanism_is_that_of_the_best_line_with_a_word() -> None:
    assert mechanism([]).mechanism == "none"
    assert named("bash: x: command not found") == "command_not_found"
    assert named("it was aborted by the operator") == "unknown"
    assert mechanism(rank(candidates(made(("ls", ok("a.txt")))))).mechanism == "none"


def test_a_line_without_a_word_has_a_phrase_where_failures_of_two_tasks_show_it() -> None:
    line = "error: {} went oddly in the second lap"
    surveys = [survey(made(("x", bad(line.format(name)))), None) for name in ("h1/a", "h2/b")]
    failing = Frequency()
    for found in surveys:
        failing.add(found.profile.counted())
    ranked = rank(surveys[0].candidates, Frequency(), failing)
    assert mechanism(ranked, failing) == ("unknown", "went oddly in the second lap")
    once = Frequency()
    once.add(surveys[0].profile.counted())
    assert mechanism(rank(surveys[0].candidates, Frequency(), once), once) == ("unknown", "")


LINES = st.sampled_from(
    [
        "error: disk quota exceeded",
        "ok",
        "",
        "Traceback (most recent call last):",
        "KeyError: 'a'",
        "warning: skipped 3",
        "the quick brown fox jumps",
        "\ud800 failed",
        "[exit code 1]",
        "x" * 700,
        "10:00:01 INFO no such file",
    ]
)


@given(st.lists(st.tuples(LINES, st.lists(LINES, max_size=12)), max_size=6), st.integers(1, 12))
def test_any_trace_gives_lines_that_stand_in_it(turns: list[tuple[str, list[str]]], most: int) -> None:
    trace = made(*((call, "\n".join(lines)) for call, lines in turns))
    found = survey(trace, survey(trace).profile, most)
    assert len(found.candidates) <= most
    for candidate in found.candidates:
        text = trace.steps[candidate.step - 1].texts[candidate.text].text
        assert candidate.line in text.split("\n")[candidate.number - 1]
    assert survey(trace, survey(trace).profile, most) == found


def test_passing_templates_do_not_depend_on_the_order() -> None:
    dice = random.Random(4)
    traces = [
        made(("x", ok(f"warning: odd thing {dice.random()}")), id=f"p{n}", status="passed") for n in range(6)
    ]
    wanted = passing_templates(traces)
    dice.shuffle(traces)
    assert passing_templates(traces) == wanted
    assert passing_templates([]) is None


def test_what_several_failing_rollouts_show_comes_before_what_one_met_alone() -> None:
    shared = "WARNING: 12 of 40 parts skipped"
    alone = ["cat: a.txt: No such file or directory", "KeyError: 'a'", "bash: x: command not found"]
    traces = [made(("./run", bad(f"{line}\n{shared}"))) for line in alone]
    first = supported([candidates(trace) for trace in traces])
    for before, after in zip([candidates(trace) for trace in traces], first, strict=True):
        gained = {c.line: c.score for c in after}
        assert all(
            gained[c.line] == pytest.approx(c.score + (2 * SHARED if c.line == shared else 0)) for c in before
        )
    assert supported([(), candidates(traces[0])]) == [(), tuple(candidates(traces[0]))]


def test_the_head_of_a_traceback_tells_nothing_even_where_the_verifier_names_the_error() -> None:
    error = "NameError: name 'nmae' is not defined"
    shown = f'Traceback (most recent call last):\n  File "/app/greet.py", line 8, in <module>\n{error}'
    trace = made(
        ("python3 /app/greet.py", bad(shown)), verifier=f"FAIL: greet.py: ended with an error: {error}"
    )
    assert best(trace) == error
    assert not any(candidate.line.startswith("Traceback") for candidate in candidates(trace))
