"""Checking tasks in real bubblewrap environments."""

from __future__ import annotations

import pytest
from task_writer import TEST_SH, TOML, write_task

from ahe.errors import SandboxError
from ahe.evaluate.check import check_task
from ahe.evaluate.tasks import read_task
from ahe.project.content import entry

FLIPPING = TEST_SH + "echo $RANDOM.$RANDOM > /logs/verifier/reward.txt\n"


async def problems(tmp_path, files=None, toml=TOML):
    task = read_task(write_task(tmp_path / "task", toml, files))
    check = await check_task(task, "bwrap", tmp_path)
    assert check.ok is not bool(check.problems)
    assert [path.name for path in tmp_path.iterdir()] == ["task"], "the environments' folders are gone"
    return " | ".join(check.problems)


async def test_a_sound_task(tmp_path):
    check = await check_task(read_task(write_task(tmp_path / "task")), "bwrap", tmp_path)
    assert (check.task, check.environment, check.problems) == ("task", "bwrap", ())
    assert [outcome.reward for outcome in (*check.solved, *check.idle)] == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        (
            "solution/solve.sh",
            "#!/bin/bash\necho no > done",
            "the solution does not pass (reward 0): FAIL: done",
        ),
        ("solution/solve.sh", "#!/bin/bash\necho yes > done\necho oh; exit 4", "exit code 4: oh"),
        ("solution/solve.sh", None, "solution/solve.sh is missing"),
        ("environment/files/done", "yes", "doing nothing passes"),
        ("tests/test.sh", "#!/bin/bash\ntrue", "after doing nothing, the verifier wrote neither"),
        ("tests/test.sh", FLIPPING, "rewarded differently from run to run"),
        ("environment/setup.sh", "exit 5", "setup.sh"),
        ("environment/Dockerfile", "FROM scratch", "Docker, because its Dockerfile says FROM scratch"),
        ("trajectory.json", "{}", "trajectory.json"),
    ],
)
async def test_what_is_wrong_is_said(tmp_path, file, text, problem):
    assert problem in await problems(tmp_path, {file: text})


async def test_a_solution_out_of_time(tmp_path):
    toml = TOML + "[agent]\ntimeout_sec = 0.5"
    found = await problems(tmp_path, {"solution/solve.sh": "#!/bin/bash\nsleep 60"}, toml)
    assert "the solution was not done after 0.5 seconds" in found


async def test_the_solution_has_its_variables(tmp_path):
    toml = TOML + '[solution]\nenv = { WORD = "yes" }'
    assert not await problems(tmp_path, {"solution/solve.sh": "#!/bin/bash\necho $WORD > done"}, toml)


async def test_scripts_from_windows_run(tmp_path):
    files = {"solution/solve.sh": "\ufeff#!/bin/bash\r\necho yes > done\r\n"}
    files["tests/test.sh"] = TEST_SH.replace("\n", "\r\n")
    assert not await problems(tmp_path, files)


async def test_an_environment_that_breaks_is_a_problem_not_a_crash(tmp_path):
    class Broken:
        describe = "broken"

        async def start(self):
            raise SandboxError("no disk is left")

        async def stop(self):
            pass

    task = read_task(write_task(tmp_path / "task"))
    check = await check_task(task, "bwrap", tmp_path, lambda spec, scratch: Broken())
    assert check.problems == ("no disk is left",)


async def test_a_bundled_task_is_sound(tmp_path):
    path = sorted(entry("evals").glob("shell-basics/*/task.toml"))[0].parent
    check = await check_task(read_task(path), "auto", tmp_path, allow_network=False)
    assert check.problems == ()
