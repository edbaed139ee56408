"""Answers in words: every citation stays, and what was left out is said."""

from __future__ import annotations

from ahe.debug.ask.answer import Answer, Claim, Divergence, answer_text
from ahe.debug.ask.asker import Asked
from ahe.records import Citation, Kind

FAILING = Citation(trial="f0", step=3, quote="cat  report.txt\nfails")
PASSING = Citation(trial="p1", step=4, quote="x" * 400)
ANSWER = Answer(
    task="task-a",
    state="partly",
    root_cause="It guesses names.",
    divergence=Divergence(failing=FAILING, passing=PASSING, says="The passing one lists first."),
    component=Kind.MEMORY,
    hint="List before reading",
    confidence="high",
    claims=(Claim(says="It reads what is not there", citations=(FAILING,)),) * 2,
    dropped=1,
)


def test_an_account_holds_everything_but_the_models_own_confidence() -> None:
    text = answer_text(ANSWER)
    assert text.startswith(
        "It guesses names.\n- failing did (f0#3):\n  ```\n  cat  report.txt\n  fails\n  ```\n- passing did “xxx"
    )
    assert (
        "x…” (p1#4). The passing one lists first.\n- It reads what is not there. (f0#3):\n  ```\n  cat"
        in text
    )
    assert text.endswith("\n- what could help (memory): List before reading.\n- unfounded and left out: 1")
    assert "confiden" not in text.lower() and "high" not in text


def test_what_the_harness_cannot_help_is_said() -> None:
    assert "- the harness cannot help" in answer_text(
        ANSWER.model_copy(update={"component": "none", "hint": ""})
    )


def test_notes_say_what_was_left_out() -> None:
    assert Asked(answers={"task-b": ANSWER.model_copy(update={"dropped": 0})}).notes() == ()
    asked = Asked(
        answers={"task-a": ANSWER},
        unanswered={"task-s": "nothing that it said was founded"},
        unasked=tuple(f"task-{n}" for n in range(10)),
        why="the cap on tasks is 1",
    )
    first, second, third = asked.notes()
    assert first.startswith("tasks not asked about: 10 (the cap on tasks is 1): task-0, ")
    assert first.endswith("task-7 and 2 more")
    assert second == "no founded answer about task-s (nothing that it said was founded)"
    assert third == "statements of the debugger left out as unfounded: 1"
