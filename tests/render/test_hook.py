"""`ahe hook` as Claude Code runs it: a process for each event, its JSON on stdin, an answer on stdout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import world
from rendering import harness

from ahe.render import render

GUARD = """\
class Guard:
    def __init__(self):
        self.calls = []
        self.odd = lambda: None  # pickle refuses it

    async def on_start(self, ctx):
        ctx.state["task"] = ctx.instruction
        await ctx.env.write("started.txt", ctx.instruction)

    async def before_tool(self, ctx, call):
        self.calls.append(call["name"])
        if "rm " in str(call["arguments"]):
            return "do not remove files"
        if call["arguments"].get("command") == "ls":
            return {**call, "arguments": {**call["arguments"], "command": "ls -l"}}
        if call["arguments"].get("command") == "boom":
            raise ValueError("broken")

    async def after_tool(self, ctx, call, result):
        return result + f"\\n[{ctx.turn} calls, {call['name']}, seen: {len(self.calls)}]"

    async def before_finish(self, ctx, answer):
        return f"{ctx.state['task']}: {len(self.calls)} calls, and you said {answer}"
"""


@pytest.fixture
def hook(tmp_path: Path) -> Any:
    """Runs the command that `ahe render` wrote for an event, as a shell would, and gives its answer and stderr."""
    mine = tmp_path / "mine"
    render(harness(tmp_path / "h", **{"middleware__10_guard.py": GUARD}), "claude-code", mine)
    settings = json.loads((mine / ".claude/settings.json").read_text())["hooks"]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/ahe").write_text(f'#!/bin/sh\nexec {sys.executable} -m ahe "$@"\n')
    (tmp_path / "bin/ahe").chmod(0o755)
    own = {"CLAUDE_PROJECT_DIR": str(mine), "AHE_CACHE": str(tmp_path / "cache")}
    env = {**world.environment(), **own, "PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}

    def run(event: str, session: str = "s1", **fields: Any) -> tuple[dict[str, Any], str]:
        ((entry,),) = (settings[event],)
        ((command,),) = (entry["hooks"],)
        given = {
            "session_id": session,
            "transcript_path": "/nowhere",
            "cwd": str(mine),
            "permission_mode": "default",
            "hook_event_name": event,
            **fields,
        }
        done = subprocess.run(
            ["sh", "-c", command["command"]],
            input=json.dumps(given),
            env=env,
            cwd=mine,
            text=True,
            capture_output=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "{}"), done.stderr

    return run


def bash(command: str) -> dict[str, Any]:
    return {"tool_name": "Bash", "tool_use_id": "toolu_1", "tool_input": {"command": command, "timeout": 5}}


def test_a_session_of_events(hook, tmp_path):
    assert hook("UserPromptSubmit", prompt="fix it")[0] == {}
    assert (tmp_path / "mine/started.txt").read_text() == "fix it"
    assert hook("PreToolUse", **bash("pwd"))[0] == {}
    assert hook("PreToolUse", **bash("rm -rf x"))[0] == {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": "do not remove files",
        }
    }
    changed = hook("PreToolUse", **bash("ls"))[0]["hookSpecificOutput"]
    assert changed["updatedInput"] == {"command": "ls -l", "timeout": 5}
    assert changed["permissionDecision"] == "ask", "a person sees what evolved code has changed"
    trusting = hook("PreToolUse", **bash("ls"), permission_mode="bypassPermissions")[0]
    assert trusting["hookSpecificOutput"]["permissionDecision"] == "allow"
    result = {"stdout": "a.txt", "stderr": "", "interrupted": False}
    assert hook("PostToolUse", **bash("ls"), tool_response=result)[0] == {
        "hookSpecificOutput": {
            "hookEventName": "PostToolUse",
            "additionalContext": "[4 calls, Bash, seen: 4]",
        }
    }
    failed = hook("PostToolUseFailure", **bash("false"), error="Exit code 1")[0]["hookSpecificOutput"]
    assert failed["hookEventName"] == "PostToolUseFailure" and "4 calls" in failed["additionalContext"]
    own = {"tool_name": "mcp__ahe__run", "tool_input": {}, "tool_response": [{"type": "text", "text": "x"}]}
    assert hook("PostToolUse", **own)[0]["hookSpecificOutput"]["updatedMCPToolOutput"] == [
        {"type": "text", "text": "x\n[4 calls, run, seen: 4]"}
    ]
    stop = {"stop_hook_active": False, "last_assistant_message": "done"}
    wanted = {"decision": "block", "reason": "fix it: 4 calls, and you said done"}
    assert [hook("Stop", **stop)[0] for _ in range(4)] == [wanted, wanted, wanted, {}]
    hook("PreToolUse", **bash("pwd"))
    assert hook("PostToolUse", **own)[0]["hookSpecificOutput"]["updatedMCPToolOutput"] == [
        {"type": "text", "text": "x\n[5 calls, run, seen: 5]"}
    ], "the fourth answer ran no hook, and what they remember is still there"
    other, _ = hook("PreToolUse", session="s2", **bash("pwd"))
    assert other == {}
    hook("UserPromptSubmit", prompt="the next")  # begins anew
    assert hook("Stop", **stop)[0]["reason"] == "the next: 0 calls, and you said done"


def test_a_hook_that_fails_changes_nothing_and_says_so(hook):
    answer, said = hook("PreToolUse", **bash("boom"))
    assert answer == {} and "hook_failed: 10_guard.py ValueError: broken" in said


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"session_id": "a", "cwd": "/nowhere/at/all"}'])
def test_what_is_wrong_never_blocks_the_agent(text, tmp_path):
    command = [sys.executable, "-m", "ahe", "hook", "PreToolUse", "--harness", str(harness(tmp_path / "h"))]
    env = {**world.environment(), "AHE_CACHE": str(tmp_path / "cache")}
    done = subprocess.run(command, input=text, env=env, text=True, capture_output=True, cwd=tmp_path)
    assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith("ahe hook: ")


def test_the_shell_of_claude_code_is_the_harness_s_own_where_it_describes_one(tmp_path):
    from ahe.harness.load import load
    from ahe.jobs.hook import Given, _call
    from ahe.jobs.serve import Served

    described = {
        "tool_descriptions__run_shell_command.yaml": "name: run_shell_command\ndescription: x\nparameters: {}\n"
    }
    for more, name in (({}, "Bash"), (described, "run_shell_command")):
        loaded = load(harness(tmp_path / name, **more))
        given = Given(session_id="s", cwd="/", tool_name="Bash")
        assert _call(Served(loaded, None, None, tmp_path), given).name == name  # type: ignore[arg-type]
