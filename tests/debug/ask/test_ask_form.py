"""The form for small models: its prompt fits, its lines are numbered truths, refusals go back once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ask_bench import ERROR, bench, made, trace

from ahe.debug.ask.answer import Answer, AnswerSink
from ahe.debug.ask.evidence import NumberedEvidence
from ahe.debug.ask.material import EMBEDDED_CAPS, TaskMaterial
from ahe.debug.readers.trace import Step, Text
from ahe.text import estimate_tokens

UNFOUNDED = "no founded answer about task-a (nothing that it said was founded)"
FILLED: dict[str, Any] = {
    "claims": [{"line": 1, "says": "It reads a file that is not there."}],
    "first_divergence": {"failing": 2, "passing": 3},
    "root_cause": "It guesses names instead of listing them.",
    "component": "memory",
    "hint": "List a folder before reading from it.",
    "confidence": "medium",
}


def filled(**fields: Any) -> str:
    return json.dumps({**FILLED, **fields})


def evidence(material: TaskMaterial, tokens: int = 1_500) -> NumberedEvidence:
    return NumberedEvidence(material, AnswerSink(material).checker, tokens)


async def test_one_call_gives_an_answer_cited_by_number(tmp_path: Path) -> None:
    async with bench(tmp_path, {"debug/task-a/form/0": filled()}) as b:
        asked = await b.ask(made("task-a", "failed", "passed"), tool_calls=None, caps=EMBEDDED_CAPS)
        found = asked.answers["task-a"]
        assert b.calls == 1
        payload = b.payload("debug/task-a/form/0")
    assert found.claims[0].citations[0].quote == ERROR and str(found.claims[0].citations[0]) == "f0a#3"
    assert found.first_divergence is not None and found.first_divergence.passing.quote.startswith("ls -l")
    assert found.root_cause and found.dropped == 0 and found.confidence == "medium"
    system, user = (message["content"] for message in payload["messages"])
    assert "You fill in a form" in system and "Some rollouts passed and some failed" in system
    assert "index.txt" not in system
    assert estimate_tokens(system) + estimate_tokens(user) <= EMBEDDED_CAPS.tokens_per_task
    assert f"[1] f0a#3: {ERROR}" in user and "# The end of f0a (failed)" in user
    assert "# The end of p1a (passed)" in user and "verifier: FAIL: /app/out.txt is missing" in user
    schema = payload["response_format"]["json_schema"]["schema"]
    assert schema["properties"]["first_divergence"]["properties"]["failing"]["enum"][0] == 1
    assert "tools" not in payload


@pytest.mark.parametrize(
    ("first", "told"),
    [
        ("no form at all", "does not fill in the form"),
        (filled(claims=[{"line": 999, "says": "There is no such line."}]), "there is no line 999"),
        (filled(first_divergence={"failing": 3, "passing": 2}), "is not a failing one"),
        (filled(first_divergence=None), "first_divergence: name the first step"),
        (filled(claims=[{"line": 1, "says": ""}]), "does not fill in the form"),
    ],
)
async def test_a_refusal_is_sent_back_once(tmp_path: Path, first: str, told: str) -> None:
    script = {"debug/task-a/form/0": first, "debug/task-a/form/1": filled()}
    async with bench(tmp_path, script) as b:
        asked = await b.ask(made("task-a", "failed", "passed"), tool_calls=None, caps=EMBEDDED_CAPS)
        assert asked.answers["task-a"].dropped == 0
        last = b.payload("debug/task-a/form/1")["messages"][-1]["content"]
        assert told in last and b.calls == 2


async def test_what_never_fits_the_form_is_no_answer(tmp_path: Path) -> None:
    async with bench(tmp_path, {"*": "Sorry."}) as b:
        asked = await b.ask(made("task-a", "failed"), tool_calls=None, caps=EMBEDDED_CAPS)
        assert asked.answers == {} and asked.notes == (UNFOUNDED,) and b.calls == 2


async def test_a_trace_without_a_line_to_cite_is_not_asked(tmp_path: Path) -> None:
    material = made("task-a", "failed")
    bare = {name: replace(each, steps=()) for name, each in material.traces.items()}
    outcome = replace(material.outcome, rollouts=(replace(material.outcome.rollouts[0], findings=()),))
    async with bench(tmp_path, {}) as b:
        asked = await b.ask(replace(material, outcome=outcome, traces=bare), tool_calls=None)
        assert asked.notes == (UNFOUNDED,) and b.calls == 0


def huge(statuses: tuple[str, ...]) -> TaskMaterial:
    material = made("task-a", *statuses)  # type: ignore[arg-type]
    turns = [
        (f"run {n} " + "x" * 300, "\n".join(f"line {i} of {n} reads well" for i in range(200)))
        for n in range(50)
    ]
    traces = {name: trace(name, "task-a", t.status, turns, "answered") for name, t in material.traces.items()}
    return replace(material, traces=traces, instruction="Do it well. " * 5_000)


@pytest.mark.parametrize("statuses", [("failed", "passed"), ("failed",), ("passed", "passed")])
@pytest.mark.parametrize("tokens", [400, 900, 1_500, 6_000])
def test_the_evidence_keeps_to_its_tokens_and_uses_them(statuses: tuple[str, ...], tokens: int) -> None:
    material = huge(statuses)
    found, checker = evidence(material, tokens), AnswerSink(material).checker
    assert 0.5 * tokens < estimate_tokens(found.text) <= tokens
    numbers = found.numbers()
    assert numbers
    for number in numbers:
        assert checker.problem(found.cited(number)) is None
        assert f"[{number}] " in found.text


def test_short_lines_are_shown_without_a_number() -> None:
    found = evidence(made("task-a", "failed"))
    assert "echo gave up\ngave up" in found.text
    assert "] gave up" not in found.text


def test_what_is_said_twice_is_shown_once() -> None:
    material = made("task-a", "failed")
    turns = [("make all", "error: no rule to make target")] * 6 + [("make clean", "cleaned everything")]
    looping = trace("id-f0a", "task-a", "failed", turns, "turns")
    spoken = Step(
        10,
        "agent",
        (Text("message", "```bash\nmake test\n```"), Text("call", "make test"), Text("result", "")),
    )
    thoughtless = [replace(step, texts=step.texts[1:]) for step in looping.steps if step.source == "agent"]
    looping = replace(looping, steps=(*looping.steps[:2], *thoughtless, spoken))
    found = evidence(replace(material, traces={looping.id: looping}))
    assert "#8 call, the same as 5 before:" in found.text
    assert found.text.count("no rule to make target") == 1
    assert found.text.count("make test") == 1 and "```" not in found.text


def test_a_passed_task_shows_its_cheapest_and_its_dearest_rollout() -> None:
    found = evidence(made("task-a", "passed", "passed", "passed"))
    assert "# The end of p0a" in found.text and "# The end of p2a" in found.text
    assert "# The end of p1a" not in found.text


def test_the_form_holds_the_choices() -> None:
    found = evidence(made("task-a", "failed", "passed"))
    schema = found.schema()
    assert set(schema["properties"]) < set(Answer.model_fields)
    assert next(iter(schema["properties"])) == "claims", "lines before conclusions"
    assert schema["properties"]["component"]["enum"][-1] == "none"
    parting = schema["properties"]["first_divergence"]["properties"]
    assert not set(parting["failing"]["enum"]) & set(parting["passing"]["enum"])
    alone = evidence(made("task-a", "passed")).schema()
    assert "first_divergence" not in alone["properties"] and "success_pattern" in alone["properties"]


def test_what_the_form_allows_is_a_draft() -> None:
    found = evidence(made("task-a", "failed", "passed"))
    longest = filled(
        claims=[{"line": n, "says": "s" * 160} for n in (1, 2, 3)], root_cause="r" * 240, hint="h" * 160
    )
    given = Answer.model_validate_json(longest, context=found.cited)
    assert [claim.citations for claim in given.claims] == [(found.cited(n),) for n in (1, 2, 3)]
