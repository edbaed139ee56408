"""Evolved code that attacks the box's channel, its clock or the trace: the trial ends, nothing hangs, no disk fills."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from playing import LIMITS, Played, answers, harness_with, hook, play, shell

from ahe.errors import HarnessError
from ahe.project.sandboxes import make_executor
from ahe.protocols import Executor
from ahe.records import Message, Usage
from ahe.runtime.executor import MAX_ASKED, MAX_QUEUED, BoxExecutor
from ahe.runtime.toolbox import MAX_CALLS
from ahe.runtime.trajectory import MAX_EVENTS, Trajectory

FOR_EVER = 120.0
"""No wait of the host may come near this many seconds."""
SHORT = LIMITS.model_copy(update={"seconds": 1})


class Nothing:
    """A host that serves `read` with a large file, and nothing else."""

    async def serve(self, what: str, arguments: dict[str, Any]) -> Any:
        if what != "read":
            raise ValueError("nothing else can be asked for")
        return "x" * 10_000_000


@asynccontextmanager
async def box(folder: Path, edits: Mapping[str, str]) -> AsyncIterator[Executor]:
    executor = make_executor(False)
    async with asyncio.timeout(FOR_EVER):
        try:
            await executor.start(harness_with(folder, edits), Nothing())
            yield executor
        finally:
            await executor.stop()


def tool(body: str) -> dict[str, str]:
    lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    return {"tools/run_shell_command.py": f"async def run_shell_command(env, command):\n{lines}"}


async def call_tool(executor: Executor, seconds: float = 20.0) -> Any:
    arguments = {"name": "run_shell_command", "arguments": {"command": "x"}}
    return await executor.call("tool", arguments, seconds)


async def call_hook(
    executor: Executor, name: str, value: Any, timeout: float = 20.0, each: float = 20.0
) -> Any:
    context = {"instruction": "", "turn": 0, "left": {}}
    arguments = {"hook": name, "context": context, "value": value, "seconds": each}
    return await executor.call("hook", arguments, timeout, each)


async def played(folder: Path, edits: Mapping[str, str], *steps: Any, **options: Any) -> Played:
    async with asyncio.timeout(FOR_EVER):
        return await play(folder, answers(*(steps or (shell("echo on"), "Done."))), edits, **options)


# ---------------------------------------------------------------- the channel

WIRE = """
import json, os, threading, time
def wire(data):
    for fd in range(3, 20):
        try:
            if os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:"):
                at = 0
                while at < len(data):
                    at += os.write(fd, data[at:])
        except OSError:
            pass
"""
FLOODS = {
    "garbage, then 8 MB": "wire(b'garbage\\n' + b'x' * (8 << 20))",
    "80 MB without a newline": "wire(b'x' * (80 << 20))",
    "a million empty lines": "wire(b'\\n' * 1_000_000)",
    "a million empty objects": "wire(b'{}\\n' * 1_000_000)",
    "answers that nobody asked for": 'wire(b\'{"id": 77, "value": 1}\\n\' * 1_000)',
    "hooks that nobody asked for": "wire(b'{\"begins\": 77}\\n' * 1_000)",
    "a hundred thousand requests": 'wire(b\'{"ask": 1, "what": "read", "arguments": {}}\\n\' * 100_000)',
    "half a message, and silence": 'wire(b\'{"id": 1, "val\'); time.sleep(1000)',
    "a message for ever": "\n".join(("while True:", "    wire(b'x' * 65536)")),
    "deep": "wire(b'[' * 500_000 + b'\\n')",
    "deep in an answer": "wire(b'{\"id\": 1, \"value\": ' + b'[' * 500 + b']' * 500 + b'}\\n')",
    "a huge number": "wire(b'{\"id\": ' + b'9' * 100_000 + b'}\\n')",
    "binary": "wire(bytes(range(256)) * 4096 + b'\\n')",
    "large requests whose answers are not read": (
        'wire(b\'{"ask": 1, "what": "read", "arguments": {"path": "x"}}\\n\' * 12); time.sleep(1000)'
    ),
}


@pytest.mark.parametrize("flood", FLOODS)
async def test_a_flooded_channel_ends_the_box_and_nothing_hangs(tmp_path: Path, flood: str) -> None:
    async with box(tmp_path, tool(WIRE + FLOODS[flood] + "\nwhile True:\n    time.sleep(1000)")) as executor:
        with pytest.raises(HarnessError):
            await call_tool(executor, 3.0)
        with pytest.raises(HarnessError, match="the harness box is gone"):
            await call_tool(executor, FOR_EVER)


async def test_a_flood_is_the_agents_failure_and_never_missing(tmp_path: Path) -> None:
    code = tool(WIRE + FLOODS["80 MB without a newline"])
    code["middleware/10_hook.py"] = hook("async def after_tool(self, ctx, call, result):\n    return None")
    trial = await played(tmp_path, code)
    assert trial.outcome.ended == "crashed"
    assert "a line of more than" in trial.outcome.cause


@pytest.mark.parametrize(
    "lines", [b'{"id": 77, "value": 1}\n' * 50, b'{"id": true}\n{"id": null}\n{"begins": "x"}\n{"id": 1.5}\n']
)
async def test_a_few_answers_that_nobody_asked_for_are_ignored(tmp_path: Path, lines: bytes) -> None:
    async with box(tmp_path, tool(WIRE + f"wire({lines!r})\nreturn 'fine'")) as executor:
        assert await call_tool(executor) == "fine"


@pytest.mark.parametrize("what", ["null", "[]", "{}", '"exec"', '"__class__"', "5"])
@pytest.mark.parametrize("arguments", ["null", "[1]", '{"self": 1}', '{"path": {}}'])
async def test_requests_of_any_form_are_answered(tmp_path: Path, what: str, arguments: str) -> None:
    line = f'{{"ask": [1], "what": {what}, "arguments": {arguments}}}\n'
    async with box(tmp_path, tool(WIRE + f"wire({line.encode()!r})\nreturn 'fine'")) as executor:
        assert await call_tool(executor) == "fine"


async def test_many_requests_at_the_same_time_wait_for_their_turn(tmp_path: Path) -> None:
    body = """
import asyncio
done = await asyncio.gather(*(env.exec(f"echo {n}") for n in range(300)))
return " ".join(result.output.strip() for result in done)
"""
    trial = await played(tmp_path, tool(body))
    assert trial.results()[0].splitlines()[0] == " ".join(map(str, range(300)))


async def test_requests_around_the_queue_are_refused_not_served(tmp_path: Path) -> None:
    code = (
        WIRE
        + """
lines = [json.dumps({"ask": -n, "what": "exec", "arguments": {"command": "sleep 0.2; echo >> /app/ran"}}) for n in range(400)]
wire(("\\n".join(lines) + "\\n").encode())
return (await env.exec("sleep 0.5; wc -l < /app/ran")).output
"""
    )
    trial = await played(tmp_path, tool(code))
    assert trial.outcome.ended == "answered"
    said = trial.results()[0].splitlines()[0]
    assert "too many requests at the same time" in said or 0 < int(said) < 100


async def test_side_calls_at_the_same_time_do_not_get_around_the_limit_of_tokens(tmp_path: Path) -> None:
    body = """
async def on_start(self, ctx):
    import asyncio
    await asyncio.gather(*(ctx.model("x" * 400) for _ in range(2_000)), return_exceptions=True)
"""
    limits = LIMITS.model_copy(update={"tokens": 300})
    trial = await played(tmp_path, {"middleware/10_hook.py": hook(body)}, "Done.", limits=limits)
    assert 1 <= trial.outcome.side_usage.calls < 10
    assert trial.outcome.ended == "tokens"


async def test_a_flood_on_stderr_is_bounded_and_harms_nothing(tmp_path: Path) -> None:
    body = """
import sys
try:
    for _ in range(200):
        sys.stderr.write("\\x1b[2J" * 250_000)
except OSError:
    pass
return "fine"
"""
    async with box(tmp_path, tool(body)) as executor:
        assert await call_tool(executor, 60.0) == "fine"


# ---------------------------------------------------------------- the clock

LOOPS = {
    "a loop": "while True: pass",
    "a regular expression": "import re; re.match(r'(a+)+$', 'a' * 200 + 'b')",
    "a wait": "import asyncio; await asyncio.sleep(1000)",
    "a wait that catches its end": """
import asyncio
while True:
    try:
        await asyncio.sleep(1000)
    except BaseException:
        pass
""",
}
STUBBORN = "sum(iter(int, 1))"  # never returns to where Python looks for signals


def indented(code: str) -> str:
    return "".join(f"    {line}\n" for line in code.strip("\n").splitlines())


@pytest.mark.parametrize("loop", LOOPS)
async def test_a_hook_that_does_not_end_costs_its_time_and_fails_open(tmp_path: Path, loop: str) -> None:
    edits = {
        "middleware/10_loop.py": hook(f"async def after_model(self, ctx, reply):\n{indented(LOOPS[loop])}"),
        "middleware/05_next.py": hook(
            "async def after_model(self, ctx, reply):\n    return {**reply, 'content': 'y'}"
        ),
    }
    async with box(tmp_path, edits) as executor:
        value = {"role": "assistant", "content": "x"}
        done = await call_hook(executor, "after_model", value, timeout=FOR_EVER, each=0.5)
        assert done["value"] == {**value, "content": "y"}, "the next one had its turn"
        assert [f["middleware"] for f in done["firings"]] == ["10_loop.py", "05_next.py"]
        assert "TimeoutError" in done["firings"][0]["error"]


async def test_a_hook_that_cannot_be_interrupted_costs_its_own_time_and_not_that_of_the_chain(
    tmp_path: Path,
) -> None:
    loop = hook(f"async def after_model(self, ctx, reply):\n{indented(STUBBORN)}")
    async with box(tmp_path, {"middleware/10_a.py": loop, "middleware/20_b.py": loop}) as executor:
        with pytest.raises(HarnessError, match="hook did not return within 1 s"):
            await call_hook(executor, "after_model", {}, timeout=10 * FOR_EVER, each=1.0)
        with pytest.raises(HarnessError, match="gone"):
            await call_hook(executor, "after_model", {})


async def test_hooks_that_pretend_to_begin_get_no_more_than_the_chains_time(tmp_path: Path) -> None:
    code = WIRE + "while True:\n    wire(b'{\"begins\": 1}\\n')\n    time.sleep(0.05)"
    edits = {"middleware/10_a.py": hook(f"async def after_model(self, ctx, reply):\n{indented(code)}")}
    async with box(tmp_path, edits) as executor:
        result = asyncio.ensure_future(call_hook(executor, "after_model", {}, timeout=1.0, each=1.0))
        (done,) = await asyncio.gather(result, return_exceptions=True)
    assert isinstance(done, HarnessError) or "TimeoutError" in done["firings"][0]["error"]


@pytest.mark.parametrize("loop", ["raise SystemExit(1)", "import os; os.read(0, 1) or 1 / 0"])
async def test_a_file_that_does_not_end_or_ends_everything_fails_open(tmp_path: Path, loop: str) -> None:
    edits = {"middleware/10_bad.py": f"{loop}\n{hook('x = 1')}"}
    trial = await played(tmp_path, edits, limits=SHORT.model_copy(update={"seconds": 8}))
    assert trial.fired("hook_failed")[0]["middleware"] == "10_bad.py"
    assert trial.outcome.ended in ("answered", "seconds")


async def test_a_tool_that_does_not_end_is_interrupted_and_the_box_goes_on(tmp_path: Path) -> None:
    body = "import os\nif not os.path.exists('/tmp/no'):\n    while command == 'x': pass\nreturn 'fine'"
    async with box(tmp_path, tool(body)) as executor:
        with pytest.raises(HarnessError, match="TimeoutError"):
            await call_tool(executor, 0.5)
        arguments = {"name": "run_shell_command", "arguments": {"command": "y"}}
        assert await executor.call("tool", arguments, 20.0) == "fine"


@pytest.mark.parametrize("template", ["{% for i in range(10 ** 12) %}{% endfor %}", "{{ 'x' * 10 ** 11 }}"])
async def test_a_template_without_end_is_an_error(tmp_path: Path, template: str) -> None:
    async with box(tmp_path, {}) as executor:
        with pytest.raises(HarnessError):
            await executor.call("render", {"template": template, "values": {}}, 0.5)


async def test_a_trial_with_such_a_hook_ends_by_its_limits(tmp_path: Path) -> None:
    edits = {
        "middleware/10_loop.py": hook("async def before_model(self, ctx, messages):\n    while True: pass")
    }
    trial = await played(tmp_path, edits, limits=SHORT)
    assert trial.outcome.ended == "seconds"
    assert "TimeoutError" in trial.fired("hook_failed")[0]["error"]


# ---------------------------------------------------------------- what evolved code may write


async def test_a_rendered_prompt_has_a_limit(tmp_path: Path) -> None:
    trial = await played(tmp_path, {"system_prompt.md": "{{ 'x' * 3000000 }}"})
    assert trial.outcome.ended == "crashed"
    assert "the rendered prompt has 3000000 characters" in trial.outcome.cause


def test_the_events_of_a_trial_have_a_limit_and_the_last_one_is_kept(tmp_path: Path) -> None:
    trajectory = Trajectory(tmp_path, "s", "m", ())
    for number in range(2_000):
        trajectory.event("note", text=str(number) + "\u2028" * 60_000)
    trajectory.event("ended", ended="answered", cause="")
    trajectory.finish(Usage(), {})
    path = tmp_path / "events.jsonl"
    assert path.stat().st_size < MAX_EVENTS + 200_000
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["event"] for line in lines[-2:]] == ["events_cut", "ended"]
    assert "[…]" in lines[0]["text"] and lines[0]["text"].startswith('"0')


async def test_notes_of_any_form_are_short(tmp_path: Path) -> None:
    body = """
async def on_start(self, ctx):
    await ctx.note("n" * 1_000_000)
    await ctx._wire.ask("note", text=[["x" * 1_000_000]] * 5)
"""
    trial = await played(tmp_path, {"middleware/10_hook.py": hook(body)}, "Done.")
    assert [len(note["text"]) for note in trial.fired("note")] == [4_000, 4_000]


BAD_VALUES = {
    "not a number": (
        "{**reply, 'tool_calls': [{'id': 'a', 'name': 't', 'arguments': {'x': float('nan')}}]}",
        "ValueError",
    ),
    "infinite": (
        "{**reply, 'tool_calls': [{'id': 'a', 'name': 't', 'arguments': {'x': 1e999}}]}",
        "ValueError",
    ),
    "deep": ("{**reply, 'content': deep(150)}", "more than 100 lists"),
    "very deep": ("{**reply, 'content': deep(50_000)}", "Recursion"),
    "huge number": ("{**reply, 'content': 10 ** 10_000}", "ValueError"),
    "large": ("{**reply, 'content': 'x' * 2_000_000}", "more than 300000 characters"),
    "too large to send": ("{**reply, 'content': 'x' * 40_000_000}", "too many"),
    "many calls": (
        "{**reply, 'tool_calls': [{'id': str(n), 'name': 't', 'arguments': {}} for n in range(20_000)]}",
        "more than 300000 characters",
    ),
}


@pytest.mark.parametrize("value", BAD_VALUES)
async def test_a_hook_that_returns_what_nobody_can_use_fails_open(tmp_path: Path, value: str) -> None:
    code, told = BAD_VALUES[value]
    body = f"""
async def after_model(self, ctx, reply):
    def deep(levels):
        value = []
        for _ in range(levels):
            value = [value]
        return value
    return {code}
"""
    trial = await played(tmp_path, {"middleware/10_hook.py": hook(body)}, shell("echo untouched"), "Done.")
    if value == "too large to send":
        assert trial.outcome.ended == "crashed" and told in trial.outcome.cause
        return
    assert trial.outcome.ended == "answered" and trial.outcome.answer == "Done."
    assert trial.results()[0].startswith("untouched")
    assert told in trial.fired("hook_failed")[0]["error"]


async def test_only_so_many_calls_of_one_reply_are_executed(tmp_path: Path) -> None:
    body = """
async def after_model(self, ctx, reply):
    if reply["tool_calls"]:
        one = {"name": "run_shell_command", "arguments": {"command": "echo ran"}}
        return {**reply, "tool_calls": [{"id": str(n), **one} for n in range(100)]}
"""
    trial = await played(tmp_path, {"middleware/10_hook.py": hook(body)})
    results = trial.results()
    assert len(results) == 100
    assert sum(result.startswith("ran") for result in results) == MAX_CALLS
    assert results[-1].startswith("error: not executed, a reply has 64 calls at most")


async def test_surrogates_in_a_changed_reply_are_replaced(tmp_path: Path) -> None:
    body = "async def before_finish(self, ctx, answer):\n    return 'again \\ud800' if 'again' not in answer else None"
    trial = await played(tmp_path, {"middleware/10_hook.py": hook(body)}, "First.", "Done, again.")
    assert trial.payload("task/0/1")["messages"][-1]["content"] == "again \ufffd"


async def test_a_result_that_a_hook_gives_is_cut_like_any_other(tmp_path: Path) -> None:
    body = "async def before_tool(self, ctx, call):\n    return 'y' * 200_000"
    limits = LIMITS.model_copy(update={"output_bytes": 1_000})
    trial = await played(tmp_path, {"middleware/10_hook.py": hook(body)}, limits=limits)
    assert len(trial.results()[0]) < 1_500


async def test_uses_are_counted_for_the_harnesss_own_files_only(tmp_path: Path) -> None:
    fake = json.dumps({"middleware": "x" * 1_000, "hook": "after_model", "before": 1, "after": 2})
    answer = f'{{"id": %d, "value": {{"value": null, "firings": [{fake}, {fake}]}}}}\\n'
    code = WIRE + f"for n in range(1, 9):\n    wire(({answer!r}.replace('\\\\n', chr(10)) % n).encode())"
    trial = await played(
        tmp_path,
        {"middleware/10_hook.py": hook(f"async def after_model(self, ctx, reply):\n{indented(code)}")},
        "Done.",
    )
    assert set(trial.outcome.uses) <= {"system_prompt.md", "middleware/10_hook.py"}


def test_the_trace_is_valid_json_whatever_is_in_it(tmp_path: Path) -> None:
    trajectory = Trajectory(tmp_path, "s", "m", ())
    trajectory.reply(Message(role="assistant", content="\x00\u2028\x1b"), Usage(), ())
    trajectory.finish(Usage(), {})

    def refuse(name: str) -> None:
        raise AssertionError(name)

    json.loads((tmp_path / "trajectory.json").read_text(), parse_constant=refuse)
    assert MAX_QUEUED < 1 << 30


class Forging:
    """A box whose channel gives lines that were written in advance, whatever is asked."""

    def __init__(self, lines: bytes) -> None:
        self.stdin = SimpleNamespace(
            transport=SimpleNamespace(get_write_buffer_size=lambda: 0), write=lambda line: None
        )
        self.stdout = asyncio.StreamReader()
        self.stdout.feed_data(b'{"ready": true}\n' + lines)

    def stderr_tail(self) -> str:
        return ""

    def kill(self) -> None: ...

    async def close(self) -> None: ...


async def forging(lines: bytes) -> BoxExecutor:
    async def launch(mounts: object, arguments: object) -> Any:
        return Forging(lines)

    executor = BoxExecutor(launch)
    await executor.start(Path("/"), Nothing())
    return executor


@pytest.mark.parametrize("what", ["tool", "render", "check"])
@pytest.mark.parametrize("value", ["5", "[1]", "null", "true", "[[]]"])
async def test_an_answer_of_another_type_is_an_error_of_the_harness(what: str, value: str) -> None:
    executor = await forging(f'{{"id": 1, "value": {value}}}\n'.encode())
    with pytest.raises(HarnessError, match=f"a wrong answer to {what}"):
        await executor.call(what, {}, 20.0)
    await executor.stop()


async def test_hooks_that_begin_without_end_end_the_box() -> None:
    executor = await forging(b'{"begins": 1}\n' * (MAX_ASKED + 1))
    with pytest.raises(HarnessError, match=f"more than {MAX_ASKED} requests"):
        await executor.call("hook", {}, FOR_EVER)
    await executor.stop()


async def test_a_message_of_millions_of_lists_ends_the_box() -> None:
    executor = await forging(b'{"id": 1, "value": [' + b"[]," * 2_000_000 + b"0]}\n")
    with pytest.raises(HarnessError, match="more than 2000000 lists"):
        await executor.call("hook", {}, FOR_EVER)
    await executor.stop()
