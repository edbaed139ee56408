"""Docker beyond the conformance suite: builds, users, leftovers, and containers that are brought down."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ahe.environments import docker_api
from ahe.environments.docker import DockerEnvironment
from ahe.errors import SandboxError
from ahe.records import EnvironmentSpec

IMAGE = os.environ.get("AHE_TEST_IMAGE", "python:3.11-bookworm")
pytestmark = pytest.mark.docker


@pytest.fixture(autouse=True)
def _daemon():
    try:
        if not docker_api.client().images.list(name=IMAGE):
            raise SandboxError(f"the image {IMAGE} is not here: run .ci/base-image")
    except SandboxError as error:
        if os.environ.get("AHE_REQUIRE_DOCKER") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))


async def test_a_dockerfile_is_built_once(tmp_path: Path):
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nWORKDIR /app\nRUN date +%N >built\n")
    outputs = []
    for _ in range(2):
        environment = DockerEnvironment(EnvironmentSpec(name="x", dockerfile=str(tmp_path)), tmp_path)
        await environment.start()
        outputs.append((await environment.exec("cat built")).text)
        await environment.stop()
    assert outputs[0] == outputs[1] != ""


async def test_a_broken_dockerfile_says_why(tmp_path: Path):
    (tmp_path / "Dockerfile").write_text(f"FROM {IMAGE}\nRUN echo the reason; exit 3\n")
    environment = DockerEnvironment(EnvironmentSpec(name="some-task", dockerfile=str(tmp_path)), tmp_path)
    with pytest.raises(SandboxError, match=r"some-task(.|\n)*the reason"):
        await environment.start()


async def test_a_missing_image_says_what_to_do(tmp_path: Path):
    spec = EnvironmentSpec(name="x", image="localhost:1/none/such:1")
    with pytest.raises(SandboxError, match="docker load"):
        await DockerEnvironment(spec, tmp_path).start()


async def test_what_its_commands_bring_down_starts_again(tmp_path: Path):
    environment = DockerEnvironment(EnvironmentSpec(name="x", image=IMAGE), tmp_path)
    await environment.start()
    try:
        await environment.exec("echo kept >/app/file; kill -9 -1", timeout=30)
        assert (await environment.exec("cat /app/file")).text == "kept\n"
    finally:
        await environment.stop()


async def test_its_own_end_mark_does_not_fool_it(tmp_path: Path):
    environment = DockerEnvironment(EnvironmentSpec(name="x", image=IMAGE), tmp_path)
    await environment.start()
    try:
        done = await environment.exec('echo "$_EXEC"; ps axww; echo "$_EXEC"; exit 5')
        assert done.exit_code == 5
        assert done.text.splitlines()[0] == done.text.splitlines()[-1]
    finally:
        await environment.stop()


async def test_leftovers_of_a_killed_run_are_swept():
    client = docker_api.client()
    labels = {"ahe": "1", "ahe.owner": "1-1", "ahe.host": os.uname().nodename}
    orphan = client.containers.create(IMAGE, ["true"], labels=labels)
    docker_api.sweep(client)
    assert orphan.id not in [
        container.id for container in client.containers.list(all=True, ignore_removed=True)
    ]
