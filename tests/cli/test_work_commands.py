"""The commands that run agents, on a real workspace, a real sandbox, and a scripted model over real HTTP."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest

SCRIPT = """coder:
  "*/0": {content: "", tool_calls: [{name: run_shell_command, arguments: {command: "echo hi > done"}}]}
  "*": "Done."
"""


@pytest.fixture
def model(tmp_path) -> tuple[str, str]:
    script = tmp_path / "script.yaml"
    script.write_text(SCRIPT)
    return ("--model", f"scripted:{script}")


@pytest.fixture
def directory(tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "a.txt").write_text("a\n")
    return folder


def test_eval_measures_prints_progress_on_stderr_and_reads_what_it_knows(ahe, project, suite, model):
    done = ahe("eval", "--suite", str(suite), "--rollouts", "2", *model, cwd=project)
    assert done.returncode == 0, done.stderr
    assert "sound  2 of 2  100.0 %" in done.stdout
    assert "passed  sound #1" in done.stderr
    again = ahe("eval", "--suite", str(suite), "--rollouts", "2", "--json", *model, cwd=project)
    result = json.loads(again.stdout)
    assert result["rate"] == 1.0
    assert result["usage"]["calls"] == 0
    assert "2 of them known already" in again.stderr


def test_eval_takes_a_split_and_a_task(ahe, project, suite, model):
    chosen = ("--suite", str(suite), "--rollouts", "1", "--json", *model)
    assert list(json.loads(ahe("eval", "--split", "heldout", *chosen, cwd=project).stdout)["tallies"]) == [
        "broken"
    ]
    wrong = ahe("eval", "--task", "nope", *chosen, cwd=project)
    assert wrong.returncode == 2 and "ahe tasks list" in wrong.stderr
    empty = ahe("eval", "--split", "test", *chosen, cwd=project)
    assert empty.returncode == 2 and "has no test tasks" in empty.stderr


def test_debug_needs_trials_then_reports(ahe, project, suite, model):
    options = ("-C", str(project), *model)
    (project / "ahe.toml").write_text(f'[suite]\npath = "{suite}"\n')
    none = ahe("debug", *options)
    assert none.returncode == 2 and "ahe eval" in none.stderr
    assert ahe("eval", *options).returncode == 0
    done = ahe("debug", *options)
    assert done.returncode == 0, done.stderr
    assert "sound: 2 of 2" in done.stdout


def test_run_shows_a_diff_that_git_applies_and_leaves_the_directory(ahe, project, directory, model):
    done = ahe("run", "make done", "-C", str(directory), *model, cwd=project)
    assert done.returncode == 0, done.stderr
    assert not (directory / "done").exists()
    assert "1 file changed" in done.stderr and "Done." in done.stderr
    subprocess.run(["git", "apply", "-"], input=done.stdout, cwd=directory, text=True, check=True)
    assert (directory / "done").read_text() == "hi\n"


def test_run_applies_when_it_is_told_to(ahe, project, directory, model):
    done = ahe("run", "make done", "-C", str(directory), "--apply", "--json", *model, cwd=project)
    assert json.loads(done.stdout)["applied"]
    assert (directory / "done").read_text() == "hi\n"


def test_run_works_in_the_projects_own_folder_and_above_it(ahe, project, model):
    for place in (project, project.parent):
        done = ahe("run", "make done", "--project", str(project), "--apply", *model, cwd=place)
        assert done.returncode == 0, done.stderr
        assert (place / "done").read_text() == "hi\n"
        assert "it holds the record of runs): " in done.stderr
    assert not list((project / "runs" / "people").glob("*/desk"))


def test_run_leaves_a_collision_to_the_person_with_exit_code_1(ahe, project, directory, tmp_path):
    command = "sed -i s/a/agent/ a.txt; mkfifo pipe; until [ -e go ]; do sleep .02; done; rm go"
    script = tmp_path / "slow.yaml"
    script.write_text(SCRIPT.replace("echo hi > done", command))

    def person() -> None:
        while not (made := list((project / "runs/people").glob("*/desk/copy/pipe"))):
            time.sleep(0.02)
        (directory / "a.txt").write_text("person\n")
        made[0].with_name("go").touch()

    at_work = threading.Thread(target=person, daemon=True)
    at_work.start()
    arguments = ("edit", "-C", str(directory), "--apply", "--model", f"scripted:{script}")
    done = ahe("run", *arguments, cwd=project)
    assert done.returncode == 1
    assert (directory / "a.txt").read_text() == "person\n"
    assert "left to you (you changed it too): a.txt (in " in done.stderr
    assert "held back (a pipe): pipe" in done.stderr


@pytest.mark.parametrize("how", ["stopped", "folder removed"])
def test_what_the_agent_did_is_kept_where_it_cannot_be_brought_home(ahe, project, directory, tmp_path, how):
    script = tmp_path / "slow.yaml"
    command = "mkdir -p .git refs; touch .git/config HEAD; echo agent > new; until [ -e go ]; do sleep .02; done; rm go"
    script.write_text(SCRIPT.replace("echo hi > done", command))
    started = []

    def person() -> None:
        while not (made := list((project / "runs/people").glob("*/desk/copy/new"))):
            time.sleep(0.02)
        if how == "stopped":
            for found in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    if str(script).encode() in found.read_bytes():
                        os.kill(int(found.parent.name), signal.SIGTERM)
        else:
            shutil.rmtree(directory)
            made[0].with_name("go").touch()
        started.append(made)

    at_work = threading.Thread(target=person, daemon=True)
    at_work.start()
    done = ahe("run", "x", "-C", str(directory), "--apply", "--model", f"scripted:{script}", cwd=project)
    (trace,) = (project / "runs/people").iterdir()
    assert "+agent" in (trace / "changes.diff").read_text()
    if how == "stopped":
        assert (
            done.returncode == 130 and f"what the agent did until then: {trace}/changes.diff" in done.stderr
        )
        assert not (trace / "desk").exists()
    else:
        assert done.returncode == 2 and f"what the agent did is kept in {trace}/desk/copy" in done.stderr
        assert (trace / "desk/copy/new").read_text() == "agent\n"
        assert not {".git", "HEAD"} & set(os.listdir(trace / "desk/copy"))
        assert (trace / "desk").stat().st_mode & 0o777 == 0o700


def test_debug_overwrites_nothing_of_the_persons(ahe, tmp_path):
    chat = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "Done."}]
    (tmp_path / "one.json").write_text(json.dumps({"messages": chat, "resolved": False}))
    (tmp_path / "out/detail").mkdir(parents=True)
    (tmp_path / "out/detail/mine.md").write_text("mine\n")
    done = ahe("debug", "one.json", "--out", "out", cwd=tmp_path)
    assert done.returncode == 2 and "out holds a detail that `ahe debug` did not write" in done.stderr
    assert (tmp_path / "out/detail/mine.md").read_text() == "mine\n"
    for _ in range(2):
        assert ahe("debug", "one.json", "--out", "new", cwd=tmp_path).returncode == 0


def test_run_needs_an_instruction(ahe, project, directory, model):
    done = ahe("run", " ", "-C", str(directory), *model, cwd=project)
    assert done.returncode == 2 and "say what to do" in done.stderr


def test_run_says_1_where_the_agent_ran_into_a_limit(ahe, project, directory, model):
    (project / "ahe.toml").write_text("[limits]\nturns = 1\n")
    done = ahe("run", "make done", "-C", str(directory), *model, cwd=project)
    assert done.returncode == 1
    assert "did not finish: turns" in done.stderr


def test_evolve_says_why_it_stopped(ahe, project, suite, model):
    options = ("--suite", str(suite), "--iterations", "0", *model)
    done = ahe("evolve", *options, cwd=project)
    assert done.returncode == 0, done.stderr
    assert "Stopped: 0 iterations done" in done.stdout
    assert json.loads(ahe("evolve", "--json", *options, cwd=project).stdout)["iterations"] == []


def test_a_model_without_an_address_names_the_fix(ahe, project, suite):
    done = ahe("eval", "--suite", str(suite), "--model", "gpt-9", cwd=project)
    assert done.returncode == 2
    assert "base_url" in done.stderr and done.stderr.count("\n") == 1


def test_debug_explains_a_folder_of_foreign_traces_without_a_project(ahe, tmp_path):
    chat = [
        {"role": "user", "content": "Print the report."},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {
                    "id": "1",
                    "type": "function",
                    "function": {"name": "sh", "arguments": '{"cmd": "cat report.txt"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": "cat: report.txt: No such file or directory"},
        {"role": "assistant", "content": "Done."},
    ]
    (tmp_path / "traces").mkdir()
    (tmp_path / "traces" / "one.json").write_text(json.dumps({"messages": chat, "resolved": False}))
    done = ahe("debug", str(tmp_path / "traces"), "--out", str(tmp_path / "out"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "“cat: report.txt: No such file or directory” (one#" in done.stdout
    assert len(list((tmp_path / "out" / "detail").iterdir())) == 1
    place = done.stdout.split("directory” (")[1].split(")")[0]
    shown = ahe("trace", place, "--raw", "--in", str(tmp_path / "traces"), cwd=tmp_path)
    assert shown.stdout == "cat: report.txt: No such file or directory"
    (tmp_path / "empty").mkdir()
    none = ahe("debug", str(tmp_path / "empty"), cwd=tmp_path)
    assert none.returncode == 2 and "no traces there" in none.stderr
