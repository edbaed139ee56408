from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from task_writer import write_task

from ahe.cli.app import _interrupted

ROOT = Path(__file__).resolve().parents[2]
TASK = 'schema_version = "1.4"\n[environment]\nnetwork_mode = "no-network"\nworkdir = "/app"\n'


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_work_stops_cleanly_and_leaves_nothing_behind(tmp_path, number):
    task = tmp_path / "suite" / "slow"
    files = {
        "tests/test.sh": "true\n",
        "solution/solve.sh": "sleep 600\n",
        "environment/files/note.txt": None,
    }
    write_task(task, TASK, files)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    command = [
        sys.executable,
        "-m",
        "ahe",
        "tasks",
        "check",
        "--suite",
        str(task.parent),
        "--environment",
        "bwrap",
    ]
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(scratch)}
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
        # A test run in the background of a script ignores Ctrl-C, and so would all that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stderr is not None
    while not any(scratch.glob("ahe-check-*/check-*/*")):
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "ahe: stopped" in said and "Traceback" not in said
    assert list(scratch.glob("ahe-check-*")) == []


def test_what_can_be_continued_says_how(capsys):
    assert _interrupted(["evolve", "--suite", "my tasks"]) == 130
    assert "`ahe evolve --suite 'my tasks'` continues from there" in capsys.readouterr().err
