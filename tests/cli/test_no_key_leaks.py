"""A whole evaluation against an endpoint that repeats every header: neither the terminal nor a file shows a key."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import world

KEY, PASSWORD = "sk-proj-0123456789abcdef", "hunter2pass"


@contextmanager
def repeating(status: int) -> Iterator[str]:
    """Yields the address of an endpoint whose replies, calls and errors hold the request's head."""
    loop = asyncio.new_event_loop()

    def said(head: str, answered: bool) -> dict[str, object]:
        if status != 200:
            return {"error": {"message": head}}
        command = json.dumps({"command": f"echo '{head}'"})
        call = {
            "id": "c",
            "type": "function",
            "function": {"name": "run_shell_command", "arguments": command},
        }
        message = {
            "role": "assistant",
            "content": head,
            "reasoning": head,
            "tool_calls": [] if answered else [call],
        }
        return {"choices": [{"message": message}], "usage": {"prompt_tokens": 5, "completion_tokens": 5}}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
        sent = await reader.readexactly(int(lines.get("content-length", "0")))
        body = json.dumps(said(head, b'"tool_call_id"' in sent)).encode()
        head_sent = b"HTTP/1.1 %d X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
        writer.write(head_sent % (status, len(body)) + body)
        await writer.drain()
        writer.close()

    server = loop.run_until_complete(asyncio.start_server(answer, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://user:{PASSWORD}@127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.close()


@pytest.mark.parametrize("status", [200, 400, 401])
def test_no_key_reaches_the_terminal_or_a_file(tmp_path: Path, status: int) -> None:
    suite = world.write_suite(tmp_path / "suite")

    def ahe(*arguments: str) -> str:
        command = [sys.executable, "-m", "ahe", *arguments]
        environment = {**world.environment(), "A_KEY": KEY}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, timeout=170, text=True
        )
        return done.stdout + done.stderr

    said = ahe("init")
    with repeating(status) as address:
        model = f'[model]\nname = "m"\nbase_url = "{address}"\napi_key_env = "A_KEY"\nretries = 0\n'
        model += "usd_per_million_input = 1.0\nusd_per_million_output = 1.0\n"
        (tmp_path / "ahe.toml").write_text(f'{model}tool_calls = "native"\n[suite]\npath = "{suite}"\n')
        for arguments in (
            ("doctor",),
            ("models", "list"),
            ("models", "test"),
            ("eval", "--task", world.TRAIN[0]),
        ):
            said += ahe(*arguments)
        said += ahe("debug") + ahe("log")
    assert "[redacted]" in said or status == 200
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "ahe.toml"]
    everything = said.encode() + b"".join(path.read_bytes() for path in files)
    assert b"[redacted]" in everything, "the endpoint did repeat it"
    for secret in (KEY, PASSWORD):
        assert secret.encode() not in everything
