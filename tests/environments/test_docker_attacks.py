"""What commands do in a container to end it, or to make the host believe that Docker failed."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from task_writer import write_task

from ahe.environments import docker_api, docker_shell
from ahe.environments.docker import DockerEnvironment
from ahe.errors import EnvironmentLost, SandboxError
from ahe.evaluate.tasks import read_task
from ahe.evaluate.verifier import verify
from ahe.records import EnvironmentSpec, Task

IMAGE = os.environ.get("AHE_TEST_IMAGE", "python:3.11-bookworm")
pytestmark = pytest.mark.docker


@pytest.fixture
async def container(tmp_path: Path) -> AsyncIterator[DockerEnvironment]:
    try:
        if not docker_api.client().images.list(name=IMAGE):
            raise SandboxError(f"the image {IMAGE} is not here: run .ci/base-image")
    except SandboxError as error:
        if os.environ.get("AHE_REQUIRE_DOCKER") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))
    environment = DockerEnvironment(EnvironmentSpec(name="attack", image=IMAGE), tmp_path)
    await environment.start()
    yield environment
    await environment.stop()


@pytest.fixture
def task(tmp_path: Path) -> Task:
    return read_task(write_task(tmp_path / "task"))


async def is_down(container: DockerEnvironment) -> None:
    """The next command fails, or finds the environment lost; any other error fails the test."""
    with contextlib.suppress(EnvironmentLost):
        done = await container.exec("echo alive")
        assert (done.exit_code, "alive" in done.text) == (126, False)


async def test_a_container_that_cannot_start_again_is_the_agents_doing(
    container: DockerEnvironment, task: Task
) -> None:
    await container.exec("rm -f $(command -v tail); kill -9 -1", timeout=30)
    await is_down(container)
    assert not (await verify(container, task)).passed


async def test_a_container_that_the_host_removed_is_not(container: DockerEnvironment, task: Task) -> None:
    await container.exec("true")
    container._container.remove(force=True)
    with pytest.raises(SandboxError):
        await container.exec("true")
    with pytest.raises(SandboxError):
        await container.read("/etc/passwd")
    with pytest.raises(SandboxError):
        await verify(container, task)


async def test_everything_removed_is_a_failure(container: DockerEnvironment, task: Task) -> None:
    await container.exec("rm -rf --no-preserve-root / 2>/dev/null", timeout=100)
    await is_down(container)
    assert not (await verify(container, task)).passed


async def test_a_shell_that_prints_anything_is_a_failure(container: DockerEnvironment, task: Task) -> None:
    """The agent's own bash names files that are none, and rewards that are none."""
    fake = r"""#!/bin/sh
printf '..\tAAAA\n\tAAAA\n.\tAAAA\na/b\tAAAA\n\000x\tAAAA\nreward.json\tW1tbW1tb\n'
i=0; while [ $i -lt 3000 ]; do echo "$i.log	AAAA"; i=$((i+1)); done
"""
    await container.write("/tmp/bash", fake.encode(), 0o755)
    await container.exec("cp --remove-destination /tmp/bash $(readlink -f $(command -v bash))")
    found = await verify(container, task)
    assert not found.passed
    assert not {"..", ".", "", "b", "a/b"} & set(found.files)
    assert len(found.files) <= 17


async def test_an_end_mark_of_any_length_ends_nothing(container: DockerEnvironment) -> None:
    done = await container.exec('echo "$_EXEC:$(head -c 9000 /dev/zero | tr "\\0" 1)"; exit 5')
    assert done.exit_code == 5


async def test_a_file_that_changes_while_it_is_read(container: DockerEnvironment) -> None:
    await container.exec("(while :; do head -c 3000000 /dev/zero >f; : >f; done) >/dev/null 2>&1 &")
    for _ in range(30):
        try:
            await container.read("f")
        except OSError:
            continue
    assert (await container.exec("echo alive")).text == "alive\n"


async def test_commands_are_killed_before_what_keeps_the_container(container: DockerEnvironment) -> None:
    done = await container.exec("cat /proc/1/oom_score_adj /proc/self/oom_score_adj")
    own, commands = map(int, done.text.split())
    assert own < commands == 1000


SHELL = r"""#!/usr/bin/env python3
import os, sys, time
if "grep -l" not in sys.argv[2]:
    os.execv("/bin/dash", ["sh", *sys.argv[1:]])
while True:
    os.write(1, b"x" * 100_000) if "FLOOD" in os.listdir("/tmp") else (os.write(1, b"x"), time.sleep(0.1))
"""


@pytest.mark.parametrize("way", ["FLOOD", "TRICKLE"])
async def test_a_shell_that_prints_without_end_cannot_hold_up_a_kill(
    container: DockerEnvironment, way: str
) -> None:
    await container.write("/usr/local/bin/sh", SHELL.encode(), 0o755)
    await container.exec(f"touch /tmp/{way}")
    api, number = container._container.client.api, container._container.id
    assert not await asyncio.to_thread(docker_shell.kill, api, number, "token", alone=True, seconds=1.0)
    if way == "FLOOD":
        assert (await container.exec("sleep 100", timeout=0.5)).timed_out
        assert (await container.exec("echo alive")).text == "alive\n"
