"""Every environment passes the one suite, with real parts, and so does a user's own."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
import world

from ahe.environments.bwrap import BwrapEnvironment
from ahe.environments.docker import DockerEnvironment
from ahe.environments.docker_api import client
from ahe.environments.sandbox import probe
from ahe.errors import SandboxError
from ahe.testing import check_environment, conformance
from ahe.testing.checks import Check, MakeEnvironment

IMAGE = os.environ.get("AHE_TEST_IMAGE", "python:3.11-bookworm")
MY_ENVIRONMENT = """
from ahe.environments.bwrap import BwrapEnvironment

class MyEnvironment:
    describe = "mine"

    def __init__(self, spec, scratch):
        inner = BwrapEnvironment(spec, scratch)
        self.start, self.stop, self.exec = inner.start, inner.stop, inner.exec
        self.read, self.write = inner.read, inner.write
"""


def bwrap(tmp_path: Path) -> MakeEnvironment:
    assert probe().works, f"{probe().problem}: {probe().fix}"
    return lambda spec: BwrapEnvironment(spec, tmp_path / "scratch")


def docker(tmp_path: Path) -> MakeEnvironment:
    try:
        if not client().images.list(name=IMAGE):
            raise SandboxError(f"the image {IMAGE} is not here: run .ci/base-image")
    except SandboxError as error:
        if os.environ.get("AHE_REQUIRE_DOCKER") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))
    return lambda spec: DockerEnvironment(spec.model_copy(update={"image": IMAGE}), tmp_path)


@pytest.mark.parametrize("kind", [bwrap, pytest.param(docker, marks=pytest.mark.docker)])
@pytest.mark.parametrize("check", conformance.CHECKS, ids=lambda check: check.__name__)
async def test_environment(check: Check, kind: Callable[[Path], MakeEnvironment], tmp_path: Path):
    await check(kind(tmp_path))


def test_a_users_own_environment_is_tested_as_the_docstring_shows(tmp_path: Path):
    assert conformance.__doc__
    snippet = "".join(
        line for line in conformance.__doc__.splitlines(keepends=True) if line.startswith(("    ", "\n"))
    )
    (tmp_path / "test_mine.py").write_text(MY_ENVIRONMENT + textwrap.dedent(snippet))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
    done = subprocess.run(command, cwd=tmp_path, env=world.environment(), capture_output=True, text=True)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


async def test_a_failure_is_reported_by_name(tmp_path: Path):
    class Broken(BwrapEnvironment):
        async def start(self) -> None:
            raise SandboxError("it never starts")

    results = await check_environment(lambda spec: Broken(spec, tmp_path))
    assert [result.name for result in results] == [check.__name__ for check in conformance.CHECKS]
    failed = [result for result in results if not result.ok]
    assert all("it never starts" in result.what for result in failed)
    assert [result.name for result in results if result.ok] == ["users"], "only their refusal needs no start"
    assert str(failed[0]) == "FAILED  output_and_exit_code: SandboxError: it never starts"


def test_every_check_states_its_demand():
    assert all(check.__doc__ and "\n" not in check.__doc__ for check in conformance.CHECKS)
