"""Replies are paid for once, and what ends the asking loses no answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ask_bench import ERROR, Bench, answer, bench, claim, made, shell, turns

from ahe.models.ledger import Ledger

GONE = {"status": 503, "content": "down"}


def script(*names: str) -> dict[str, Any]:
    every: dict[str, Any] = {}
    for name in names:
        every |= turns(f"task-{name}", answer(claim(f"f0{name}#3", ERROR)))
    return every


async def test_a_second_run_makes_no_model_call(tmp_path: Path) -> None:
    silent = answer(claim("f0c#3", "nobody ever said this"))
    async with bench(tmp_path, {**script("a", "b"), "debug/task-c/*": silent}) as b:
        tasks = [made(f"task-{name}", "failed") for name in "abc"]
        first = await b.ask(*tasks)
        assert b.calls == 6 and list(first.answers) == ["task-a", "task-b"] and "task-c" in first.notes[0]
        again = await b.ask(*reversed(tasks), jobs=1)
        assert b.calls == 6, "that nothing was founded is kept too"
        assert again == first


async def test_an_agent_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    """Whatever it listed: times that differ between two runs would make its further requests new."""
    look = shell("ls -la --time-style=full-iso /rollouts /rollouts/* /before /raw /notes")
    last = [{"status": 401, "content": "a wrong key"}, answer(claim("f0a#3", ERROR))]
    async with bench(tmp_path, turns("task-a", look, look, last)) as b:
        stopped = await b.ask(made("task-a", "failed"))
        assert "a wrong key" in stopped.notes[0] and stopped.answers == {}
        (tmp_path / "debugger" / "README.md").write_text("A note to people.")
        assert "task-a" in (await b.ask(made("task-a", "failed"))).answers
        answered = [each["key"] for each in b.requests if each["status"] == 200]
    assert answered == ["debug/task-a/0", "debug/task-a/1", "debug/task-a/2"]


async def test_a_finished_answer_is_kept_whatever_the_agent_printed(tmp_path: Path) -> None:
    async with bench(tmp_path, turns("task-a", shell("date +%N"), answer(claim("f0a#3", ERROR)))) as b:
        first = await b.ask(made("task-a", "failed"))
        again = await b.ask(made("task-a", "failed"))
        assert first == again and list(again.answers) == ["task-a"]
        assert len(b.requests) == 2


async def test_an_edit_of_the_debuggers_prompt_or_a_new_task_ask_anew(tmp_path: Path) -> None:
    async with bench(tmp_path, script("a")) as b:
        task = made("task-a", "failed")
        await b.ask(task)
        (b.harness / "memory.md").write_text("- Look twice.\n")
        await b.ask(task)
        assert b.calls == 2
        await b.ask(task)
        assert b.calls == 2
        await b.ask(replace(task, instruction="Do something else."))
        assert b.calls == 3


async def asked_names(b: Bench) -> list[str]:
    return [request["key"].split("/")[1] for request in b.requests]


async def test_a_spent_budget_keeps_what_was_answered(tmp_path: Path) -> None:
    ledger = Ledger(token_limit=1)
    async with bench(tmp_path, script("a", "b", "c"), ledger) as b:
        asked = await b.ask(*(made(f"task-{name}", "failed") for name in "abc"), jobs=1)
        assert list(asked.answers) == ["task-a"] and b.calls == 1
        (note,) = asked.notes
        assert note.startswith("tasks not asked about: 2 (") and note.endswith("): task-b, task-c")
        assert "the budget of 1 tokens is spent" in note


async def test_a_model_that_is_gone_keeps_what_was_answered(tmp_path: Path) -> None:
    async with bench(tmp_path, {**script("a"), "debug/task-b/*": GONE, **script("c")}) as b:
        asked = await b.ask(*(made(f"task-{name}", "failed") for name in "abc"), jobs=1)
        assert list(asked.answers) == ["task-a"]
        assert "task-c" not in await asked_names(b)
        (note,) = asked.notes
        assert note.startswith("tasks not asked about: 2 (") and "down" in note


async def test_a_refused_request_is_that_tasks_own_misfortune(tmp_path: Path) -> None:
    bad = {"status": 400, "content": "too odd"}
    async with bench(tmp_path, {"debug/task-a/*": bad, **script("b"), "ahe-plain-question/*": "OK"}) as b:
        asked = await b.ask(made("task-a", "failed"), made("task-b", "failed"))
        assert list(asked.answers) == ["task-b"]
        (note,) = asked.notes
        assert note.startswith("no founded answer about task-a (") and "too odd" in note


async def test_a_broken_harness_of_the_debugger_says_so(tmp_path: Path) -> None:
    async with bench(tmp_path, script("a")) as b:
        (b.harness / "system_prompt.md").write_text("Say {{ nothing_of_the_kind }}.")
        for tool_calls in ("native", None):
            (note,) = (await b.ask(made("task-a", "failed"), tool_calls=tool_calls)).notes
            assert "nothing_of_the_kind" in note and note.endswith(": task-a")
        assert b.calls == 0


async def test_notes_name_some_tasks_and_count_the_rest(tmp_path: Path) -> None:
    async with bench(tmp_path, {"*": GONE}) as b:
        (note,) = (await b.ask(*(made(f"task-{n}", "failed") for n in range(10)), jobs=1)).notes
    assert note.startswith("tasks not asked about: 10 (")
    assert note.endswith(f"): {', '.join(f'task-{n}' for n in range(8))} and 2 more")


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
