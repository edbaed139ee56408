"""Faults of the machine around the real command: one line with the cause and the remedy, and the right exit code."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ahe.cli.app import _text
from ahe.errors import UsageError

SCRIPT = """coder:
  "*/0": {content: "", tool_calls: [{name: run_shell_command, arguments: {command: "touch done"}}]}
  "*": "Done."
"""
READING = (
    "log",
    "log --json",
    "show HEAD",
    "diff HEAD HEAD",
    "best",
    "components",
    "compare HEAD HEAD",
    "tasks list",
)


def shell(ahe, command: str, cwd: Path, prepare: str = "true") -> subprocess.CompletedProcess[str]:
    """A shell's command, in which `ahe` is ours; `prepare` is done as root in mounts of its own."""
    program = f'ahe() {{ {shlex.quote(sys.executable)} -m ahe "$@"; }}; cd {shlex.quote(str(cwd))}; {command}'
    if prepare == "true":
        whole = ["bash", "-c", program]
    else:
        whole = ["unshare", "-m", "bash", "-c", f"{prepare} || exit 99; {program}"]
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    done = subprocess.run(whole, capture_output=True, text=True, env=environ, timeout=100)
    if done.returncode == 99 or "unshare:" in done.stderr:
        pytest.skip("mounting is not allowed here")
    return done


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.startswith("ahe: ")]
    assert len(lines) == 1 and done.stderr.endswith(f"{lines[0]}\n"), done.stderr
    assert "in ahe itself" not in lines[0] and "Traceback" not in done.stderr and "Group" not in lines[0]
    return lines[0]


@pytest.fixture
def read_only(project: Path) -> str:
    place = shlex.quote(str(project))
    return f"mount --bind {place} {place} && mount -o remount,ro,bind {place}"


@pytest.mark.parametrize("used", [True, False], ids=["used", "new"])
def test_reading_commands_work_on_a_read_only_project(ahe, project, read_only, used):
    if used:
        assert ahe("log", cwd=project).returncode == 0
    commands = " && ".join(f"ahe {command} > {project.parent}/out-{n}" for n, command in enumerate(READING))
    done = shell(ahe, commands, project, read_only)
    assert (done.returncode, done.stderr.replace("HEAD and HEAD do not differ\n", "")) == (0, "")
    assert json.loads((project.parent / "out-1").read_text())[0]["subject"] == "Seed harness"


@pytest.mark.parametrize("command", ["eval", "revert HEAD", "final", "run x", "evolve", "calibrate"])
def test_writing_commands_name_a_read_only_project(ahe, project, read_only, command, tmp_path):
    (tmp_path / "script.yaml").write_text(SCRIPT)
    more = "" if command == "revert HEAD" else f" --model scripted:{tmp_path}/script.yaml"
    done = shell(ahe, f"ahe {command}{more}", project, read_only)
    assert done.returncode == 2
    said = one_line(done)
    assert "Read-only file system" in said or "it cannot be written" in said or "first commit" in said


@pytest.mark.parametrize("left", [0, 40])
def test_a_full_disk_is_named_and_the_same_command_completes_when_there_is_room(ahe, suite, left, tmp_path):
    (tmp_path / "script.yaml").write_text(SCRIPT)
    disk = tmp_path / "disk"
    disk.mkdir()
    command = f"ahe eval --suite {suite} --rollouts 2 --model scripted:{tmp_path}/script.yaml"
    program = (
        f"mkdir p; ahe init p 2> /dev/null; cd p; ahe log > /dev/null; dd if=/dev/zero of=fill bs=1k 2> /dev/null; "
        f"truncate -s -{left}k fill; {command} 2> {tmp_path}/err; echo $?; rm fill; {command} --json > {tmp_path}/out; echo $?"
    )
    done = shell(ahe, program, disk, f"mount -t tmpfs -o size=4m tmpfs {disk}")
    assert done.stdout.split()[-2:] == ["2", "0"], done.stdout + done.stderr
    said = (tmp_path / "err").read_text().splitlines()[-1]
    assert said.startswith("ahe: ") and "make room" in said
    assert json.loads((tmp_path / "out").read_text())["rate"] == 1.0


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        ("ahe log >&-", 2, "standard output is closed: give it a place, such as > /dev/null"),
        ("ahe log > /dev/full", 2, "standard output cannot take the result (No space left on device)"),
        ("ahe log --json > /dev/full", 2, "standard output cannot take the result"),
        ("ahe log | head -1 | grep -q kind; exit ${PIPESTATUS[0]}", 0, ""),
        ("ahe show HEAD | true; exit ${PIPESTATUS[0]}", 0, ""),
        ("ahe log 2>&- | grep -q seed", 0, ""),
        ("ahe log 2>&1 <&- | grep -q seed", 0, ""),
        ("ahe show nothing 2>&-", 2, ""),
        ("PYTHONIOENCODING=ascii ahe best | grep -q 'no look at the test split yet' || true", 0, ""),
    ],
)
def test_streams_that_are_closed_full_or_narrow(ahe, project, command, code, says):
    done = shell(ahe, command, project)
    assert done.returncode == code, done.stderr
    assert (says in one_line(done)) if says else done.stderr == ""


def test_a_pipe_gets_utf_8_whatever_the_terminals_encoding_is(ahe, project):
    subject = "zwölf → π"
    git = ("git", "-C", project / "workspace", "-c", "user.name=A", "-c", "user.email=a@b")
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", subject], check=True)
    for encoding in ("ascii", "latin-1", "utf-16"):
        done = shell(ahe, f"PYTHONIOENCODING={encoding} ahe log", project)
        assert done.returncode == 0 and subject in done.stdout


def test_a_removed_current_folder_is_named(ahe, project, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    done = shell(ahe, f"rmdir {gone}; ahe log", gone)
    assert done.returncode == 2 and "the current folder was removed: cd to one that is there" in one_line(
        done
    )


def test_a_damaged_plan_of_a_look_is_named(ahe, project, suite, tmp_path):
    (tmp_path / "script.yaml").write_text(SCRIPT)
    (suite / "suite.toml").write_text('name = "own"\n[splits]\ntrain = ["sound"]\ntest = ["broken"]\n')
    plan = project / "runs" / "final" / "001" / "plan.json"
    plan.parent.mkdir(parents=True)
    plan.write_text('{"look": 1')
    done = ahe("final", "--suite", str(suite), "--model", f"scripted:{tmp_path}/script.yaml", cwd=project)
    assert done.returncode == 2 and f"{plan} is damaged: bring it back" in one_line(done)


def test_a_store_that_cannot_be_used_is_one_line(ahe, project):
    (project / "runs" / "trials").mkdir(parents=True)
    (project / "runs" / "ahe.sqlite").write_bytes(b"garbage" * 1000)
    done = ahe("best", cwd=project)
    assert done.returncode == 2
    assert "ahe.sqlite: it is damaged: bring back a copy of it, or move it away" in one_line(done)


def test_of_many_errors_at_once_the_one_with_a_remedy_is_told():
    inner = ExceptionGroup("x", [ValueError("odd"), UsageError("do this")])
    assert _text(ExceptionGroup("y", [KeyError("k"), inner])) == "do this"
    assert _text(OSError(28, "No space left on device", "/a/b")).startswith(
        "/a/b: No space left on device: make room"
    )
