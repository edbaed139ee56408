"""Answers in words: every citation stays, and what was left out is said."""

from __future__ import annotations

from ahe.debug.ask.answer import Answer, Cited, Claim, Divergence, answer_text
from ahe.records import Kind

FAILING = Cited(trial="f0", step=3, quote="cat  report.txt\nfails")
PASSING = Cited(trial="p1", step=4, quote="x" * 400)
ANSWER = Answer(
    root_cause="It guesses names.",
    first_divergence=Divergence(failing=FAILING, passing=PASSING, says="The passing one lists first."),
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
