"""Middleware at work: every hook has effect, the order holds, and whatever fails in it fails open and is traced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playing import Played, answers, hook, play, shell

from ahe.protocols import Environment
from ahe.records import Limits


async def with_hook(folder: Path, body: str, *steps: Any, **options: Any) -> Played:
    return await play(folder, answers(*steps), {"middleware/10_hook.py": hook(body)}, **options)


# ---------------------------------------------------------------- each hook has effect


async def test_on_start_runs_once_and_can_prepare_the_environment(tmp_path: Path) -> None:
    body = """
async def on_start(self, ctx):
    await ctx.env.exec("echo once >> /app/started.txt")
    await ctx.env.write("/app/told.txt", ctx.instruction)
    await ctx.note(await ctx.env.read("/app/told.txt"))
"""
    seen: list[bytes] = []

    async def look(environment: Environment) -> None:
        seen.append(await environment.read("/app/started.txt"))

    played = await with_hook(tmp_path, body, shell("true"), "Done.", look=look)
    assert seen == [b"once\n"]
    assert [note["text"] for note in played.fired("note")] == ["Do it."]


async def test_after_model_turns_text_into_a_call(tmp_path: Path) -> None:
    body = """
async def after_model(self, ctx, reply):
    if reply["content"].startswith("RUN "):
        call = {"id": "c1", "name": "run_shell_command", "arguments": {"command": reply["content"][4:]}}
        return {**reply, "tool_calls": [call]}
"""
    played = await with_hook(tmp_path, body, "RUN echo $((6 * 7))", "Done.")
    assert played.results()[0].startswith("42")
    (firing,) = played.fired()
    assert firing["middleware"] == "10_hook.py" and firing["hook"] == "after_model"
    assert firing["before"]["tool_calls"] == []
    assert firing["after"]["tool_calls"][0]["name"] == "run_shell_command"


async def test_a_middleware_with_slots_has_effect(tmp_path: Path) -> None:
    code = """
class Slots:
    __slots__ = ("seen",)

    async def before_tool(self, ctx, call):
        self.seen = call
        return {**call, "arguments": {"command": "echo instead"}}
"""
    played = await play(tmp_path, answers(shell("touch x"), "Done."), {"middleware/10_slots.py": code})
    assert played.results()[0].startswith("instead")


async def test_before_tool_rewrites_a_call(tmp_path: Path) -> None:
    body = """
async def before_tool(self, ctx, call):
    return {**call, "arguments": {"command": "echo instead"}}
"""
    played = await with_hook(tmp_path, body, shell("touch was-run"), shell("ls"), "Done.")
    assert played.results()[0].startswith("instead")
    assert "was-run" not in played.results()[1]
    assert played.outcome.uses["middleware/10_hook.py"] == 2


async def test_before_tool_blocks_a_call_with_a_message(tmp_path: Path) -> None:
    body = """
async def before_tool(self, ctx, call):
    if "rm" in call["arguments"]["command"]:
        return "blocked: nothing is removed here"
"""
    played = await with_hook(
        tmp_path, body, shell("rm -rf /app; touch gone"), shell("ls /app; echo end"), "Done."
    )
    assert played.results()[0].startswith("blocked: nothing is removed here")
    assert played.results()[1].startswith("end")
    assert played.outcome.uses["tools/run_shell_command.py"] == 1, "a blocked call is no use of the tool"


async def test_after_tool_sees_the_call_and_changes_its_result(tmp_path: Path) -> None:
    body = """
async def after_tool(self, ctx, call, result):
    return call["arguments"]["command"] + " gave " + result.split()[0]
"""
    played = await with_hook(tmp_path, body, shell("echo 5"), "Done.")
    assert played.results()[0].startswith("echo 5 gave 5")
    kept = played.trajectory["steps"][2]["observation"]["results"][0]["content"]
    assert kept.startswith("echo 5 gave 5"), "the trace holds what the model read"


async def test_before_finish_asks_for_another_turn_and_is_bounded(tmp_path: Path) -> None:
    body = """
async def before_finish(self, ctx, answer):
    return "Are you sure that " + answer
"""
    played = await with_hook(tmp_path, body, "it is done.", limits=Limits(turns=20, seconds=60, tokens=0))
    assert played.outcome.ended == "answered" and played.outcome.answer == "it is done."
    assert played.outcome.turns == 4, "three more turns, and no fourth"
    assert played.payload("task/0/1")["messages"][-1]["content"] == "Are you sure that it is done."


# ---------------------------------------------------------------- order, state, context


async def test_before_hooks_run_in_file_order_and_after_hooks_in_reverse(tmp_path: Path) -> None:
    body = """
async def before_tool(self, ctx, call):
    command = call["arguments"]["command"]
    return {{**call, "arguments": {{"command": command + "; echo {0}"}}}}
async def after_tool(self, ctx, call, result):
    return result + "\\nafter {0}"
"""
    edits = {f"middleware/{n}_x.py": hook(body.format(n)) for n in (10, 20)}
    played = await play(tmp_path, answers(shell("true"), "Done."), edits)
    lines = played.results()[0].splitlines()
    assert [line for line in lines if line in ("10", "20")] == ["10", "20"]
    assert [line for line in lines if line.startswith("after")] == ["after 20", "after 10"]


async def test_state_is_shared_and_the_context_tells_turn_and_limits(tmp_path: Path) -> None:
    first = """
async def before_model(self, ctx, messages):
    ctx.state["turns"] = ctx.state.get("turns", []) + [[ctx.turn, ctx.left["turns"]]]
"""
    second = """
async def before_finish(self, ctx, answer):
    await ctx.note(ctx.state["turns"])
"""
    edits = {"middleware/10_count.py": hook(first), "middleware/20_tell.py": hook(second)}
    played = await play(tmp_path, answers(shell("true"), "Done."), edits)
    assert [note["text"] for note in played.fired("note")] == ["[[0, 8], [1, 7]]"]


async def test_a_side_call_reaches_the_endpoint_and_is_charged_apart(tmp_path: Path) -> None:
    body = """
async def before_finish(self, ctx, answer):
    if "asked" not in ctx.state:
        ctx.state["asked"] = True
        return await ctx.model("Is this right: " + answer, system="You judge.")
"""
    edits = {"middleware/10_judge.py": hook(body)}
    script = {"task/0/side-1": "Look again.", **answers("Done.")}
    played = await play(tmp_path, script, edits)
    assert [m["content"] for m in played.payload("task/0/side-1")["messages"]] == [
        "You judge.",
        "Is this right: Done.",
    ]
    assert played.payload("task/0/1")["messages"][-1]["content"] == "Look again."
    assert played.outcome.side_usage.calls == 1 and played.outcome.side_usage.tokens > 0
    assert played.outcome.usage.calls == 2


async def test_side_calls_stop_at_the_limit_of_tokens(tmp_path: Path) -> None:
    body = """
async def on_start(self, ctx):
    for _ in range(50):
        await ctx.model("x" * 400)
"""
    played = await with_hook(tmp_path, body, "Done.", limits=Limits(turns=3, seconds=60, tokens=300))
    assert 1 <= played.outcome.side_usage.calls < 10
    assert "no tokens, turns or time are left" in played.fired("hook_failed")[0]["error"]
    assert played.outcome.ended == "tokens"


# ---------------------------------------------------------------- failing open

NAMES = ("on_start", "before_model", "after_model", "before_tool", "after_tool", "before_finish")
RAISES, WRONG = ("raise KeyError('surprise')", "KeyError: 'surprise'"), ("return 5", "returned int")
FAILURES = [(name, *failure) for name in NAMES for failure in (RAISES, WRONG)]


@pytest.mark.parametrize(
    ("name", "code", "told"), [*FAILURES, ("before_model", "return [{1, 2}]", "not JSON serializable")]
)
async def test_a_failing_hook_fails_open_and_is_traced(
    tmp_path: Path, name: str, code: str, told: str
) -> None:
    body = f"async def {name}(self, *arguments):\n    {code}"
    played = await with_hook(tmp_path, body, shell("echo untouched"), "Done.")
    assert played.outcome.ended == "answered" and played.outcome.answer == "Done."
    assert played.results()[0].startswith("untouched")
    failed = played.fired("hook_failed")
    assert failed and all(line["hook"] == name for line in failed)
    assert told in failed[0]["error"]
    assert "middleware/10_hook.py" not in played.outcome.uses


async def test_a_hook_that_returns_the_wrong_fields_fails_open(tmp_path: Path) -> None:
    body = "async def after_model(self, ctx, reply):\n    return {'text': 'nothing a message has'}"
    played = await with_hook(tmp_path, body, shell("echo untouched"), "Done.")
    assert played.outcome.ended == "answered"
    assert played.results()[0].startswith("untouched")
    assert "wrong form" in played.fired("hook_failed")[0]["error"]


async def test_one_bad_hook_does_not_undo_the_work_of_another(tmp_path: Path) -> None:
    edits = {
        "middleware/10_good.py": hook("async def after_tool(self, ctx, call, result):\n    return 'good'"),
        "middleware/20_bad.py": hook("async def after_tool(self, ctx, call, result):\n    return [result]"),
    }
    played = await play(tmp_path, answers(shell("true"), "Done."), edits)
    assert played.results()[0].startswith("good")


async def test_a_hook_that_changes_its_arguments_in_place_changes_nothing(tmp_path: Path) -> None:
    body = "async def before_model(self, ctx, messages):\n    messages.clear()"
    played = await with_hook(tmp_path, body, "Done.")
    assert len(played.payload()["messages"]) == 2
    assert played.fired() == []


async def test_a_hook_that_never_returns_is_cut_at_the_trials_time(tmp_path: Path) -> None:
    body = """
async def after_tool(self, ctx, call, result):
    import asyncio
    await asyncio.sleep(1000)
"""
    limits = Limits(turns=5, tokens=0, seconds=3)
    played = await with_hook(tmp_path, body, shell("echo untouched"), "Done.", limits=limits)
    assert "TimeoutError" in played.fired("hook_failed")[0]["error"]
    assert played.outcome.ended == "seconds"
    kept = played.trajectory["steps"][2]["observation"]["results"][0]["content"]
    assert kept.startswith("untouched")


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("import nothing_of_the_kind\n", "ModuleNotFoundError"),
        ("class A:\n    pass\nclass B:\n    pass\n", "exactly one class"),
        ("class A:\n    def before_tool(self, ctx, call):\n        return None\n", "not an async function"),
        ("class A:\n    def __init__(self):\n        raise ValueError('no')\n", "ValueError: no"),
    ],
)
async def test_a_file_that_does_not_load_fails_open(tmp_path: Path, code: str, told: str) -> None:
    played = await play(tmp_path, answers(shell("echo fine"), "Done."), {"middleware/10_broken.py": code})
    assert played.outcome.ended == "answered"
    assert played.results()[0].startswith("fine")
    assert told in played.fired("hook_failed")[0]["error"]
