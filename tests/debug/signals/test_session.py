"""What is said of a session that nobody scored."""

from __future__ import annotations

from dataclasses import replace

from made_traces import bad, made, ok, studied

from ahe.debug.readers.trace import Step, Text, Trace


def notes(trace: Trace) -> str:
    return "\n".join(studied(trace).notes)


def test_failed_commands_circles_corrections_and_tokens() -> None:
    fails = ("pytest -q tests", bad("3 failed in 0.1s"))
    trace = made(*[fails] * 3, ("git push", bad("fatal: no upstream")), ("ls", ok("a")), status="unknown")
    said = Step(7, "user", (Text("message", "No, do not push.  Only commit."),), correction=True)
    text = notes(replace(trace, steps=(*trace.steps, said)))
    assert "4 calls failed (4 commands and edits in all): 3 × pytest, 1 × git push" in text
    assert "the last printed “fatal: no upstream” (a1#5)" in text
    assert "made 3 times: “pytest -q tests” (a1#2)" in text
    assert "the user then said “No, do not push. Only commit.” (a1#7)" in text
    assert "tokens of text: " in text and "running" in text and "talking" in text


def test_a_quiet_session_has_only_its_tokens_and_a_scored_one_no_notes() -> None:
    assert notes(made(("ls", ok("a")), status="unknown")).count("\n") == 0
    assert studied(made(("make", bad("x")))).notes == ()
    assert notes(Trace("a1", "t", ())) == ""


def test_many_corrections_are_counted() -> None:
    steps = tuple(Step(n, "user", (Text("message", f"wrong {n}"),), correction=True) for n in range(1, 8))
    text = notes(Trace("a1", "t", steps))
    assert text.count("the user then said (7 in all)") == 3
