"""Answers are paid for once, and what ends the asking loses none of them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ask_bench import ERROR, Bench, answer, bench, claim, made, turns

from ahe.debug.ask.asker import AnswerCache, CachedAnswer
from ahe.debug.ask.material import Caps, TaskMaterial, material_digest
from ahe.debug.readers.trace import Step, Text
from ahe.models.ledger import Ledger


def script(*names: str) -> dict[str, Any]:
    every: dict[str, Any] = {}
    for name in names:
        every |= turns(f"task-{name}", answer(claim(f"f0{name}#3", ERROR)))
    return every


async def test_a_second_run_makes_no_model_call(tmp_path: Path) -> None:
    silent = answer(claim("f0c#3", "nobody ever said this"))
    async with bench(tmp_path, {**script("a", "b"), "debug/task-c/*": silent}) as b:
        tasks = [made(f"task-{name}", "failed") for name in "abc"]
        first = await b.ask(*tasks, kept=True)
        assert b.calls == 6 and list(first.answers) == ["task-a", "task-b"] and "task-c" in first.unanswered
        again = await b.ask(*reversed(tasks), kept=True, jobs=1)
        assert b.calls == 6, "that nothing was founded is kept too"
        assert again == first


async def test_an_edit_of_the_debuggers_harness_or_new_traces_ask_anew(tmp_path: Path) -> None:
    async with bench(tmp_path, script("a")) as b:
        task = made("task-a", "failed")
        await b.ask(task, kept=True)
        (b.harness / "README.md").write_text("A note to people.")
        await b.ask(task, kept=True)
        assert b.calls == 1
        (b.harness / "memory.md").write_text("- Look twice.\n")
        await b.ask(task, kept=True)
        assert b.calls == 2
        await b.ask(task, kept=True, caps=Caps(tokens_per_task=90_000))
        assert b.calls == 3
        await b.ask(replace(task, instruction="Do something else."), kept=True)
        assert b.calls == 4


def edited(material: TaskMaterial, step: Step) -> TaskMaterial:
    (trace,) = material.traces
    return replace(material, traces=(replace(trace, steps=(*trace.steps[:-1], step)),))


def test_the_digest_is_over_content_not_places_or_order() -> None:
    material = made("task-a", "failed", "passed")
    digest = material_digest(material, "partly", ("x",))
    assert material_digest(replace(material, traces=material.traces[::-1]), "partly", ("x",)) == digest
    moved = tuple(replace(trace, format="other") for trace in material.traces)
    assert material_digest(replace(material, traces=moved), "partly", ("x",)) == digest
    (failed, passed), outcome = material.outcome.rollouts, material.outcome
    scored = replace(failed, findings=tuple(replace(f, context="…") for f in failed.findings))
    ranked = replace(material, outcome=replace(outcome, rollouts=(scored, passed)))
    assert material_digest(ranked, "partly", ("x",)) == digest, "the lines around are in the trace"
    said = replace(material, outcome=replace(outcome, rollouts=(replace(failed, findings=()), passed)))
    assert material_digest(said, "partly", ("x",)) != digest
    assert material_digest(material, "partly", ("y",)) != digest
    assert material_digest(material, "failed", ("x",)) != digest
    old = made("task-a", "passed", first=7)
    compared = replace(material, before=old.outcome, traces_before=old.traces)
    assert material_digest(compared, "partly", ("x",)) != digest
    one = made("task-a", "failed")
    two_texts = Step(4, "agent", (Text("message", "ab"), Text("message", "\ud800c")))
    moved_border = Step(4, "agent", (Text("message", "a"), Text("message", "b\ud800c")))
    digests = {
        material_digest(m, "failed", ()) for m in (one, edited(one, two_texts), edited(one, moved_border))
    }
    assert len(digests) == 3


def test_a_damaged_kept_answer_counts_as_none(tmp_path: Path) -> None:
    answers = AnswerCache(tmp_path / "answers")
    assert answers.get("d") is None
    answers.put("d", CachedAnswer(task="task-a", answer=None))
    assert answers.get("d") == CachedAnswer(task="task-a", answer=None)
    (tmp_path / "answers" / "d.json").write_text('{"task": "task-a", "answer": {"cl')
    assert answers.get("d") is None
    assert [path.name for path in (tmp_path / "answers").iterdir()] == ["d.json"]


async def asked_names(b: Bench) -> list[str]:
    return [request["key"].split("/")[1] for request in b.requests]


async def test_a_spent_budget_keeps_what_was_answered(tmp_path: Path) -> None:
    ledger = Ledger(token_limit=1)
    async with bench(tmp_path, script("a", "b", "c"), ledger) as b:
        asked = await b.ask(*(made(f"task-{name}", "failed") for name in "abc"), jobs=1, kept=True)
        assert list(asked.answers) == ["task-a"] and b.calls == 1
        assert asked.unasked == ("task-b", "task-c")
        assert "the budget of 1 tokens is spent" in asked.why
        assert len(list((tmp_path / "answers").iterdir())) == 1, "only what is finished is kept"


async def test_a_model_that_is_gone_keeps_what_was_answered(tmp_path: Path) -> None:
    gone = {"status": 503, "content": "down"}
    async with bench(tmp_path, {**script("a"), "debug/task-b/*": gone, **script("c")}) as b:
        asked = await b.ask(*(made(f"task-{name}", "failed") for name in "abc"), jobs=1)
        assert list(asked.answers) == ["task-a"]
        assert asked.unasked == ("task-b", "task-c") and "task-c" not in await asked_names(b)
        assert asked.why


async def test_kept_answers_are_read_when_the_asking_has_ended(tmp_path: Path) -> None:
    gone = {"status": 503, "content": "down"}
    async with bench(tmp_path, {"debug/task-a/*": gone, **script("b")}) as b:
        await b.ask(made("task-b", "failed"), kept=True)
        asked = await b.ask(made("task-a", "failed"), made("task-b", "failed"), kept=True, jobs=1)
        assert list(asked.answers) == ["task-b"] and asked.unasked == ("task-a",)


async def test_a_refused_request_is_that_tasks_own_misfortune(tmp_path: Path) -> None:
    bad = {"status": 400, "content": "too odd"}
    async with bench(tmp_path, {"debug/task-a/*": bad, **script("b"), "ahe-plain-question/*": "OK"}) as b:
        asked = await b.ask(made("task-a", "failed"), made("task-b", "failed"))
        assert list(asked.answers) == ["task-b"]
        assert "too odd" in asked.unanswered["task-a"] and asked.unasked == () and asked.why == ""


async def test_a_broken_harness_of_the_debugger_says_so(tmp_path: Path) -> None:
    async with bench(tmp_path, script("a")) as b:
        (b.harness / "system_prompt.md").write_text("Say {{ nothing_of_the_kind }}.")
        asked = await b.ask(made("task-a", "failed"))
        assert "nothing_of_the_kind" in asked.why and asked.unasked == ("task-a",)
        form = await b.ask(made("task-a", "failed"), tool_calls=None)
        assert "nothing_of_the_kind" in form.why and b.calls == 0


@pytest.mark.parametrize("jobs", [1, 3])
async def test_jobs_tasks_are_asked_about_at_once(tmp_path: Path, jobs: int) -> None:
    names = "abcdef"
    slow = {key: {**said, "delay": 0.3} for key, said in script(*names).items()}
    async with bench(tmp_path, slow) as b:
        most = 0

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, len(list((tmp_path / "scratch").glob("debug-*"))))
                await asyncio.sleep(0.01)

        watching = asyncio.create_task(watch())
        asked = await b.ask(*(made(f"task-{name}", "failed") for name in names), jobs=jobs)
        watching.cancel()
        assert list(asked.answers) == [f"task-{name}" for name in names]
        assert most == jobs
