"""Which environment a task gets, and what the user is told where it gets none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ahe.environments.bwrap import BwrapEnvironment, reasons_against
from ahe.environments.choose import make, pick
from ahe.environments.docker_build import context_digest
from ahe.environments.limits import is_alive, owner
from ahe.environments.unsafe import DirectEnvironment
from ahe.errors import SandboxError, UnsupportedTask, UsageError
from ahe.records import EnvironmentSpec


def test_auto_is_bwrap_where_the_task_allows_it(tmp_path: Path):
    assert isinstance(make("auto", EnvironmentSpec(name="x"), tmp_path), BwrapEnvironment)
    bundled = EnvironmentSpec(name="x", dockerfile=str(tmp_path), files=str(tmp_path))
    assert pick(bundled) == "bwrap"


def test_reasons_name_what_stands_against_bwrap(tmp_path: Path):
    assert "image" in reasons_against(EnvironmentSpec(name="x", image="python"))[0]
    assert "image" in reasons_against(EnvironmentSpec(name="x", dockerfile=str(tmp_path)))[0]
    assert "'agent'" in reasons_against(EnvironmentSpec(name="x", users=("root", "agent")))[0]


def test_nothing_fits(tmp_path: Path):
    with pytest.raises(SandboxError, match=r"'agent'.*no image"):
        pick(EnvironmentSpec(name="x", users=("agent",)))
    with pytest.raises(UsageError, match="podman"):
        make("podman", EnvironmentSpec(name="x"), tmp_path)


def test_equal_contexts_share_an_image(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / name / "files").mkdir(parents=True)
        (tmp_path / name / "files" / "x").write_text("1")
    assert context_digest(tmp_path / "a") == context_digest(tmp_path / "b")
    (tmp_path / "b" / "files" / "x").chmod(0o755)
    assert context_digest(tmp_path / "a") != context_digest(tmp_path / "b")


def test_owners_are_known_by_their_start():
    assert is_alive(owner())
    assert not is_alive(f"{owner()}0")
    assert is_alive("somebody else's")


async def test_unsafe_runs_on_the_machine_and_cleans_up(tmp_path: Path):
    spec = EnvironmentSpec(name="x", workdir=str(tmp_path / "new" / "app"))
    grading = (str(tmp_path / "logs"),)
    environment = DirectEnvironment(spec, tmp_path, grading)
    await environment.start()
    try:
        done = await environment.exec(f"pwd; sleep 46001 & touch {tmp_path}/seen")
        assert done.text == f"{spec.workdir}\n"
        assert (tmp_path / "seen").exists()
        cut = await environment.exec("(setsid sleep 46002 &) ; sleep 46003", timeout=0.5)
        assert cut.timed_out
        await environment.write("a/b", b"x")
        assert await environment.read("a/b") == b"x"
    finally:
        await environment.stop()
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "logs").exists()
    left = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    assert not [line for line in left if b"sleep\x004600" in line]


async def test_unsafe_touches_nothing_that_was_there(tmp_path: Path):
    environment = DirectEnvironment(EnvironmentSpec(name="x", workdir=str(tmp_path)), tmp_path, ())
    with pytest.raises(SandboxError, match="exists"):
        await environment.start()
    assert tmp_path.exists()
    with pytest.raises(UnsupportedTask):
        DirectEnvironment(EnvironmentSpec(name="x", image="python"), tmp_path)
