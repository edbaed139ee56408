"""What strangers named or answered reaches the terminal escaped and short: it can neither hide, recolour nor forge."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import world

from ahe.events import Committed, EvaluationStarted, Notice
from ahe.views.progress import sentence
from ahe.views.text import BRIEF, brief, visible

NASTY = "\x1b[2J\x1b]0;title\x07\x9b31m\x7f\u202e\u2066\u200b\u2028\ud800\r\U000e0041name"


def harmless(text: str) -> bool:
    """Whether a terminal shows every character of it as such."""
    return all(ch.isprintable() or ch in "\n\t" for ch in text)


def test_what_a_terminal_would_obey_is_shown_escaped() -> None:
    assert harmless(visible(NASTY))
    assert visible("\x1b\u202e\x9b\ud800\x7f") == "␛\\u202e\\u009b\\ud800\\u007f"
    assert visible("naïve 日本語 ✓\tx\n") == "naïve 日本語 ✓\tx\n"
    assert json.loads(visible(json.dumps({"a": NASTY}, ensure_ascii=False))) == {"a": NASTY}


def test_long_text_keeps_its_two_ends() -> None:
    text = brief("begin" + NASTY * 100_000 + "fix it")
    assert harmless(text) and len(text) < 7 * BRIEF
    assert text.startswith("begin") and text.endswith("fix it")


@pytest.mark.parametrize(
    "event",
    [Notice(NASTY), Committed("a" * 40, NASTY), EvaluationStarted(NASTY, 1, 0)],
    ids=lambda e: type(e).__name__,
)
def test_progress_lines_are_harmless(event: object) -> None:
    line = sentence(event)  # type: ignore[arg-type]
    assert line and harmless(line)
    assert len(sentence(Notice(NASTY * 100_000)) or "") < 7 * BRIEF


@contextmanager
def refusing(body: bytes) -> Iterator[str]:
    """An endpoint that answers everything with 401 and this body."""
    loop = asyncio.new_event_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 401 X\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = loop.run_until_complete(asyncio.start_server(answer, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.close()


def ahe(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "ahe", *arguments]
    return subprocess.run(command, cwd=cwd, env=world.environment(), capture_output=True, timeout=120)


def test_an_endpoints_error_is_harmless_on_the_terminal(tmp_path: Path) -> None:
    said = NASTY.replace("\ud800", "")
    with refusing(json.dumps({"error": {"message": said * 500}}).encode()) as address:
        (tmp_path / "ahe.toml").write_text(f'[model]\nname = "m"\nbase_url = "{address}"\n')
        done = ahe("models", "test", cwd=tmp_path)
    text = done.stderr.decode()
    assert done.returncode == 2
    assert "refused the key" in text and "title" in text, text
    assert harmless(text) and len(text) < 7 * BRIEF


def test_names_of_files_are_harmless_in_errors(tmp_path: Path) -> None:
    odd = tmp_path / "odd\x1b[31m\u202e"
    odd.mkdir()
    (odd / "ahe.toml").write_text("[nonsense]\nx = 1\n")
    done = ahe("-C", str(odd), "log", cwd=tmp_path)
    assert done.returncode == 2
    assert harmless(done.stderr.decode()) and harmless(done.stdout.decode())


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_a_trace_is_harmless_in_a_terminal(tmp_path: Path, form: tuple[str, ...]) -> None:
    steps = [
        {"step_id": 1, "source": "user", "message": "go"},
        {"step_id": 2, "source": "agent", "message": "see\u202e \x9b2J \x1b[2J \x07 this"},
    ]
    trace = {
        "schema_version": "ATIF-v1.7",
        "session_id": "s",
        "agent": {"name": "a", "version": "1"},
        "steps": steps,
    }
    (tmp_path / "trial").mkdir()
    (tmp_path / "trial" / "trajectory.json").write_text(json.dumps(trace))
    parent, child = pty.openpty()
    command = [sys.executable, "-m", "ahe", "trace", "trajectory", "--in", str(tmp_path / "trial"), *form]
    with subprocess.Popen(
        command, cwd=tmp_path, env=world.environment(), stdout=child, stderr=child, stdin=subprocess.DEVNULL
    ) as process:
        os.close(child)
        said = b""
        try:
            while piece := os.read(parent, 65536):
                said += piece
        except OSError:
            pass  # the other end is closed
    os.close(parent)
    assert process.returncode == 0, said
    text = said.decode().replace("\r\n", "\n")
    assert "this" in text
    assert harmless(text)
