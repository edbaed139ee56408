from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import made_trials
import pytest

NAME = "1a2b3c4d5e6f708192a3b4c5"
LOUD = "\x1b[31mno such file\x1b[0m\r\n" + "waiting for the lock of the database\n" * 30
LISTING = "".join(f"file number {n} with a name {'x' * (n % 5)}\n" for n in range(40))


@pytest.fixture
def recorded(project: Path) -> Path:
    """A project with two trials; the first has coloured, repeated and long output."""
    made_trials.trace(project / "runs", NAME, [("make", LOUD), ("ls", LISTING), ("ls -1", LISTING)])
    made_trials.trace(project / "runs", "1a2b99995e6f708192a3b4c5", [("true", "")])
    return project


def test_a_trial_is_shown_step_by_step(ahe, recorded):
    done = ahe("trace", "1a2b3", cwd=recorded)
    assert done.returncode == 0, done.stderr
    assert "1a2b3c4d#3 agent" in done.stdout and "[call run_shell_command]\nmake\n" in done.stdout
    assert "\x1b" not in done.stdout and "no such file" in done.stdout
    assert done.stdout.count("waiting for the lock") == 1 and "⟦×29 1a2b3c4d#3:" in done.stdout
    assert done.stdout.count("file number 7 with") == 1 and "⟦= 40 lines 1a2b3c4d#4:" in done.stdout


def test_a_pointer_leads_to_its_bytes(ahe, recorded):
    cleaned = ahe("trace", "1a2b3c4d", cwd=recorded).stdout
    pointer = cleaned.split("⟦= 40 lines ")[1].split("⟧")[0]
    assert ahe("trace", pointer, "--raw", cwd=recorded).stdout == LISTING
    step, _, span = pointer.partition("#")[2].partition(":")
    assert ahe("trace", NAME, "--step", step, "--range", span, "--raw", cwd=recorded).stdout == LISTING
    assert "file number 39" in ahe("trace", pointer, cwd=recorded).stdout


def test_raw_is_to_the_byte(ahe, recorded):
    code = [sys.executable, "-m", "ahe", "trace", f"{NAME}#3", "--raw"]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(code, cwd=recorded, env={"PYTHONPATH": str(root)}, capture_output=True, check=True)
    assert done.stdout == f"Turn 0.\nmake\n{LOUD}".encode()


def test_attempts_that_broke_before_are_named_and_can_be_shown(ahe, recorded):
    assert ahe("trace", NAME, cwd=recorded).stderr == ""
    folder = recorded / "runs" / "trials" / NAME
    made_trials.trace(folder / "missing", "x", [("early", "")])
    (folder / "missing/trials/x").rename(folder / "missing" / "1")
    (folder / "missing/trials").rmdir()
    done = ahe("trace", NAME, cwd=recorded)
    assert f"`ahe trace 1 --in {folder}/missing` shows the first" in done.stderr
    assert "early" in ahe("trace", "1", "--in", str(folder / "missing"), cwd=recorded).stdout


def test_one_step_points_to_nothing_outside_of_it(ahe, recorded):
    shown = ahe("trace", f"{NAME}#5", cwd=recorded).stdout
    assert "file number 39" in shown and "⟦" not in shown


def test_json(ahe, recorded):
    shown = json.loads(ahe("trace", NAME, "--json", cwd=recorded).stdout)
    assert shown["id"] == NAME and shown["label"] == "1a2b3c4d" and shown["format"] == "atif"
    assert [text["channel"] for text in shown["steps"][2]["texts"]] == ["message", "call", "result"]
    part = json.loads(ahe("trace", f"{NAME}#3:0-4", "--raw", "--json", cwd=recorded).stdout)
    assert part == {"bytes": 4, "text": "Turn"}


def test_traces_of_any_tool_need_no_project(ahe, tmp_path):
    folder = tmp_path / "sessions"
    folder.mkdir()
    messages = [
        {"role": "user", "content": "Do it."},
        {"role": "assistant", "content": "Done, \x1b[1mreally\x1b[m."},
    ]
    (folder / "mine.json").write_text(json.dumps({"messages": messages}))
    shown = ahe("trace", "mine", "--in", str(folder))
    assert shown.returncode == 0, shown.stderr
    assert "mine#1 user\nDo it.\n" in shown.stdout and "⟦~mine#2:0-20 Done, really.⟧" in shown.stdout
    assert ahe("trace", "mine#2", "--raw", "--in", str(folder)).stdout == "Done, \x1b[1mreally\x1b[m."


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("1a2b",), "name one of 1a2b3c4d5e6f708192a3b4c5"),
        (("zzz",), "no trace below"),
        ((f"{NAME}#99",), "it has 1 to 6"),
        ((f"{NAME}#3:5-999999", "--raw"), "bytes"),
        ((NAME, "--raw"), "--step N"),
        ((NAME, "--step", "3", "--range", "few"), "120-480"),
        (("x", "--in", "nowhere"), "nowhere does not exist"),
    ],
)
def test_a_wrong_place_is_said_with_the_right_ones(ahe, recorded, arguments, says):
    done = ahe("trace", *arguments, cwd=recorded)
    assert done.returncode == 2 and done.stdout == ""
    assert says in done.stderr and done.stderr.count("\n") == 1
