"""The verifier in a real bubblewrap environment: rewards, faults, and what an agent may leave behind."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from task_writer import TOML, write_task

from ahe.environments.bwrap import BwrapEnvironment
from ahe.errors import SandboxError
from ahe.evaluate.tasks import read_task
from ahe.evaluate.verifier import STDOUT, verify

QUICK = TOML + "[verifier]\ntimeout_sec = 1\n"


@asynccontextmanager
async def environment(task, tmp_path):
    env = BwrapEnvironment(task.environment, tmp_path / "scratch")
    await env.start()
    try:
        yield env
    finally:
        await env.stop()


async def outcome(tmp_path, test_sh=None, *, before="true", toml=TOML, files=None):
    """The verifier's outcome after the agent has run the command `before`."""
    changed = {**(files or {}), **({"tests/test.sh": test_sh} if test_sh else {})}
    task = read_task(write_task(tmp_path / "task", toml, changed))
    async with environment(task, tmp_path) as env:
        await env.exec(before)
        return await verify(env, task)


async def test_passed_and_failed(tmp_path):
    passed = await outcome(tmp_path, before="echo yes > done")
    assert (passed.passed, passed.reward, passed.rewards, passed.problem) == (True, 1.0, {"reward": 1.0}, "")
    failed = await outcome(tmp_path)
    assert (failed.passed, failed.reward, failed.problem) == (False, 0.0, "")
    assert failed.output == "FAIL: done is wrong\n"
    assert failed.files == {STDOUT: b"FAIL: done is wrong\n", "reward.txt": b"0\n"}


async def test_exit_code_is_not_a_reward(tmp_path):
    found = await outcome(tmp_path, "#!/bin/bash\necho 1 > /logs/verifier/reward.txt\nexit 3")
    assert (found.passed, found.exit_code) == (True, 3)
    found = await outcome(tmp_path, "#!/bin/bash\nexit 0")
    assert (found.passed, found.exit_code) == (False, 0)
    assert "neither reward.json nor reward.txt" in found.problem


async def test_json_comes_first(tmp_path):
    script = """#!/bin/bash
echo 1 > /logs/verifier/reward.txt
echo '{"tests": 1, "style": 0.5}' > /logs/verifier/reward.json
"""
    found = await outcome(tmp_path, script)
    assert (found.rewards, found.reward, found.passed) == ({"tests": 1.0, "style": 0.5}, 0.5, False)


async def test_a_verifier_out_of_time_is_a_failure(tmp_path):
    script = "#!/bin/bash\necho 1 > /logs/verifier/reward.txt\necho slow\nsleep 60"
    found = await outcome(tmp_path, script, toml=QUICK)
    assert (found.timed_out, found.passed, found.reward) == (True, False, 0.0)
    assert "after 1 seconds" in found.problem
    assert found.output == "slow\n"


async def test_what_the_verifier_is_given(tmp_path):
    script = """#!/bin/bash
echo "$PWD $LEVEL $(cat /tests/data/expected.txt) $(/tests/helper.sh)"
echo 1 > /logs/verifier/reward.txt
"""
    toml = TOML + 'workdir = "/srv/work"\n[verifier]\nenv = { LEVEL = "3" }'
    files = {"tests/data/expected.txt": "42", "tests/helper.sh": "#!/bin/sh\necho helped"}
    found = await outcome(tmp_path, script, toml=toml, files=files)
    assert found.output == "/srv/work 3 42 helped\n"


async def test_what_the_agent_left_in_the_verifiers_places_is_gone(tmp_path):
    before = """
mkdir -p /tests /logs/verifier
echo 1 > /logs/verifier/reward.txt; echo '{"reward": 1}' > /logs/verifier/reward.json
echo bad > /tests/conftest.py; echo bad > /tests/.hidden"""
    found = await outcome(tmp_path, "#!/bin/bash\nls -A /tests", before=before)
    assert found.output == "test.sh\n"
    assert "neither" in found.problem


@pytest.mark.parametrize(
    "before",
    [
        "rm -rf /logs/verifier /tests; mkdir -p /logs; ln -s /tmp /logs/verifier; echo 1 > /tmp/reward.txt",
        "rm -rf /logs/verifier; mkdir -p /logs; echo a file > /logs/verifier",
        "rm -rf /app/* /app",
    ],
)
async def test_odd_places_do_not_break_it(tmp_path, before):
    found = await outcome(tmp_path, before=before)
    assert (found.passed, found.problem) == (False, "")


async def test_services_live_on_through_verification(tmp_path):
    before = "(while true; do echo yes > /app/done; sleep 0.05; done) > /dev/null 2>&1 &"
    script = (
        "#!/bin/bash\nrm -f /app/done\nfor i in $(seq 100); do [ -e /app/done ] && break; sleep 0.1; done\n"
    )
    script += "grep -q yes /app/done && echo 1 > /logs/verifier/reward.txt"
    assert (await outcome(tmp_path, script, before=before)).passed


async def test_files_are_bounded_and_their_names_plain(tmp_path):
    script = """#!/bin/bash
cd /logs/verifier
echo 0 > reward.txt
for i in $(seq 100 140); do echo $i > $i.log; done
head -c 500000 /dev/zero > 000.bin
echo x > 'a b'; ln -s /dev/zero 001.endless; mkfifo 002.pipe; mkdir 003.folder
"""
    found = await outcome(tmp_path, script)
    assert found.rewards == {"reward": 0.0}
    assert len(found.files) <= 17
    assert len(found.files["000.bin"]) == 128_000
    assert not {"a b", "001.endless", "002.pipe", "003.folder"} & set(found.files)


async def test_output_is_a_tail(tmp_path):
    found = await outcome(tmp_path, "#!/bin/bash\nseq 100000\necho FAIL: last")
    assert found.output.endswith("FAIL: last\n")
    assert len(found.output) <= 8_000
    assert len(found.files[STDOUT]) <= 210_000


async def test_a_broken_environment_is_not_a_failure(tmp_path):
    task = read_task(write_task(tmp_path / "task"))
    async with environment(task, tmp_path) as env:
        await env.stop()
        with pytest.raises(SandboxError):
            await verify(env, task)
