"""Every environment passes the one suite, with real parts."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ahe.environments.bwrap import BwrapEnvironment
from ahe.environments.docker import DockerEnvironment
from ahe.environments.docker_api import client
from ahe.environments.sandbox import probe
from ahe.errors import SandboxError
from ahe.protocols import Environment
from ahe.records import EnvironmentSpec
from ahe.testing.conformance import CHECKS, Check, run

IMAGE = os.environ.get("AHE_TEST_IMAGE", "python:3.11-bookworm")
Factory = Callable[[EnvironmentSpec], Environment]


def bwrap(tmp_path: Path) -> Factory:
    assert probe().works, f"{probe().problem}: {probe().fix}"
    return lambda spec: BwrapEnvironment(spec, tmp_path / "scratch")


def docker(tmp_path: Path) -> Factory:
    try:
        if not client().images.list(name=IMAGE):
            raise SandboxError(f"the image {IMAGE} is not here: run .ci/base-image")
    except SandboxError as error:
        if os.environ.get("AHE_REQUIRE_DOCKER") == "1":
            pytest.fail(str(error))
        pytest.skip(str(error))
    return lambda spec: DockerEnvironment(spec.model_copy(update={"image": IMAGE}), tmp_path)


@pytest.mark.parametrize("kind", [bwrap, pytest.param(docker, marks=pytest.mark.docker)])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_environment(check: Check, kind: Callable[[Path], Factory], tmp_path: Path):
    await check(kind(tmp_path))


async def test_run_reports_a_failure_by_name(tmp_path: Path):
    class Broken(BwrapEnvironment):
        async def start(self) -> None:
            raise SandboxError("it never starts")

    results = await run(lambda spec: Broken(spec, tmp_path))
    assert [result.name for result in results] == [check.__name__ for check in CHECKS]
    failed = [result for result in results if "it never starts" in result.problem]
    assert len(failed) == len(results) - 1, "only the refusal of users needs no start"
