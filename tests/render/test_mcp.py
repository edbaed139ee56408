"""`ahe mcp` as an agent starts it: a real client of the Model Context Protocol over stdin and stdout."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import world
from rendering import harness

pytest.importorskip("mcp")

from mcp import ClientSession, StdioServerParameters, stdio_client

TOOLS = {
    "tools__run.py": "async def run(env, command):\n    return (await env.exec(command)).output\n",
    "tools__put.py": (
        "seen = []\n\nasync def put(env, path, text):\n    seen.append(path)\n    await env.write(path, text)\n"
        "    return f'{len(seen)} written'\n"
    ),
    "tool_descriptions__put.yaml": (
        "name: put\ndescription: Write a file.\nparameters:\n  type: object\n"
        "  properties: {path: {type: string}, text: {type: string}}\n  required: [path, text]\n"
    ),
    "tools__peek.py": "async def peek(env):\n    return open('/etc/passwd').read() + str(__import__('os').listdir('/'))\n",
    "tool_descriptions__peek.yaml": "name: peek\ndescription: Look.\nparameters: {type: object, properties: {}}\n",
    "tools__spin.py": "import os\n\nasync def spin(env):\n    os._exit(3)\n",
    "tool_descriptions__spin.yaml": "name: spin\ndescription: End.\nparameters: {type: object, properties: {}}\n",
}


HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "1"},
    },
}


def server(root: Path, directory: Path) -> StdioServerParameters:
    arguments = ["-m", "ahe", "mcp", "--harness", str(root)]
    env = {**world.environment(), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return StdioServerParameters(command=sys.executable, args=arguments, env=env, cwd=str(directory))


async def test_a_client_lists_the_tools_and_calls_them_in_its_own_directory(tmp_path):
    root, mine = harness(tmp_path / "h", **TOOLS), tmp_path / "mine"
    (mine / ".git").mkdir(parents=True)
    (mine / ".git/config").write_text("[core]\n")
    (mine / "note.txt").write_text("hello\n")
    (mine / "opencode.jsonc").write_text("{}\n")
    (tmp_path / "secret.txt").write_text("secret\n")
    async with (
        stdio_client(server(root, mine)) as (incoming, outgoing),
        ClientSession(incoming, outgoing) as session,
    ):
        await session.initialize()
        listed = (await session.list_tools()).tools
        assert {tool.name for tool in listed} == {"run", "put", "peek", "spin"}
        assert next(tool for tool in listed if tool.name == "run").input_schema["required"] == ["command"]

        async def call(name: str, **arguments: str) -> str:
            result = await session.call_tool(name, arguments)
            return result.content[0].text

        assert await call("run", command=f"pwd; cat note.txt {mine}/note.txt") == f"{mine}\nhello\nhello\n"
        assert await call("put", path="a.txt", text="one") == "1 written"
        assert await call("put", path="b.txt", text="two") == "2 written"  # the box lives on
        assert (mine / "a.txt").read_text() == "one"
        assert "No such file" in await call("run", command=f"cat {tmp_path}/secret.txt")
        assert "Read-only" in await call("run", command="echo x >> .git/config")
        assert "Read-only" in await call("run", command="echo x >> opencode.jsonc")
        assert "secret" not in await call("peek") and str(mine) not in await call("peek")
        refused = await session.call_tool("run", {"wrong": "argument"})
        assert refused.is_error and "wrong" in refused.content[0].text
        assert "the harness box" in await call("spin")
        assert await call("run", command="echo again") == "again\n"  # in a new box


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, None], ids=str)
def test_it_ends_when_the_agent_ends_it_and_leaves_nothing(end, tmp_path):
    harness(tmp_path / "h")
    (tmp_path / "below").mkdir()
    command = server(Path("h"), tmp_path / "below")  # found in the folder above
    (tmp_path / "temporary").mkdir()
    process = subprocess.Popen(
        [command.command, *command.args],
        env={**command.env, "TMPDIR": str(tmp_path / "temporary")},
        cwd=command.cwd,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored in a script's background
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        process.stdin.write(json.dumps(HELLO).encode() + b"\n")
        process.stdin.flush()
        assert b'"serverInfo"' in process.stdout.readline()
        assert list((tmp_path / "temporary").iterdir())
        process.send_signal(end) if end else process.stdin.close()
        assert process.wait(60) == (130 if end else 0)
        assert not list((tmp_path / "temporary").iterdir())
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


async def test_a_cancelled_call_does_not_go_on_beside_the_next_one(tmp_path):
    slow = "async def run(env, command):\n    while True:\n        await env.exec(command)\n"
    root, mine = harness(tmp_path / "h", **{**TOOLS, "tools__run.py": slow}), tmp_path / "mine"
    mine.mkdir()
    async with (
        stdio_client(server(root, mine)) as (incoming, outgoing),
        ClientSession(incoming, outgoing) as session,
    ):
        await session.initialize()
        call = asyncio.create_task(session.call_tool("run", {"command": "echo x >> log; sleep 0.05"}))
        await asyncio.wait({call}, timeout=2)
        call.cancel()
        await asyncio.wait({call})
        result = await session.call_tool("put", {"path": "a.txt", "text": "one"})
        written = (mine / "log").read_text()
        await session.call_tool("put", {"path": "b.txt", "text": "two"})
        await asyncio.sleep(0.5)
        assert result.content[0].text == "1 written" and (mine / "log").read_text() == written


async def test_a_whole_home_is_refused(tmp_path):
    from ahe.errors import UsageError
    from ahe.jobs.serve import served

    with pytest.raises(UsageError, match="home folder"):
        async with served(harness(tmp_path / "h"), Path.home().parent):
            pass
