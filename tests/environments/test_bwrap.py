"""bubblewrap beyond the conformance suite: ends that come too early, and the parts it is made of."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import signal
import sys
from pathlib import Path

import pytest

from ahe.environments import limits
from ahe.environments.bwrap import BwrapEnvironment
from ahe.environments.inside.data import Clip
from ahe.environments.sandbox import bwrap_command, diagnose, probe
from ahe.errors import SandboxError, TaskError
from ahe.records import EnvironmentSpec, Mount

CHILD = """
import asyncio, pathlib, sys
from ahe.environments.bwrap import BwrapEnvironment
from ahe.records import EnvironmentSpec, Mount

async def main():
    mount = Mount(host=sys.argv[1], inside="/shared", writable=True)
    box = BwrapEnvironment(EnvironmentSpec(name="x", mounts=(mount,)), pathlib.Path(sys.argv[2]))
    await box.start()
    await box.exec("while :; do echo x >>/shared/beat; sleep 0.02; done")

asyncio.run(main())
"""


def first_process(host: int) -> int:
    """The first process of the one sandbox that the process `host` runs, by its number outside."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
        except OSError:
            continue  # it has ended
        inside = lines["NSpid"].split()
        if len(inside) > 1 and inside[-1] == "1" and parent(int(lines["PPid"])) == host:
            return int(inside[0])
    raise AssertionError("no sandbox runs")


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def groups_of(pid: int) -> list[Path]:
    """The control groups of `ahe` that hold a process."""
    found = []
    for path in Path("/sys/fs/cgroup").rglob(f"{limits.PREFIX}*/cgroup.procs"):
        with contextlib.suppress(OSError):  # that of another test may have gone
            found += [path.parent] if str(pid) in path.read_text().split() else []
    return found


async def test_a_killed_host_takes_its_sandbox_along(tmp_path: Path):
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CHILD, str(tmp_path), str(tmp_path / "s")
    )
    beat = tmp_path / "beat"
    while not beat.exists():
        assert child.returncode is None
        await asyncio.sleep(0.02)
    sandbox = os.pidfd_open(first_process(child.pid))
    child.send_signal(signal.SIGKILL)
    await child.wait()
    # The kernel ends all of a sandbox before its first process is gone.
    gone, _, _ = await asyncio.to_thread(select.select, [sandbox], [], [], 60)
    os.close(sandbox)
    assert gone, "commands ran on after their host was killed"


async def test_cancelling_a_command_kills_it(tmp_path: Path):
    box = BwrapEnvironment(EnvironmentSpec(name="x"), tmp_path / "s")
    await box.start()
    task = asyncio.create_task(box.exec("touch begun; setsid sleep 45001 & sleep 45002", timeout=100))
    assert (await box.exec("until [ -e begun ]; do sleep 0.01; done", timeout=60)).exit_code == 0
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(60):
        while "sleep 4500" in (await box.exec("cat /proc/[0-9]*/cmdline | tr '\\0' ' '")).text:
            pass
    await box.stop()


async def test_an_end_during_a_command_is_infrastructure(tmp_path: Path):
    box = BwrapEnvironment(EnvironmentSpec(name="x"), tmp_path / "s")
    await box.start()
    task = asyncio.create_task(box.exec("sleep 100"))
    await box.exec("true")
    os.kill(first_process(os.getpid()), signal.SIGKILL)
    with pytest.raises(SandboxError):
        await task
    with pytest.raises(SandboxError):
        await box.exec("true")
    await box.stop()


async def test_a_broken_setup_names_the_task(tmp_path: Path):
    setup = tmp_path / "setup.sh"
    setup.write_text("echo the reason; exit 7")
    box = BwrapEnvironment(EnvironmentSpec(name="some-task", setup=str(setup)), tmp_path / "s")
    with pytest.raises(TaskError, match=r"some-task.*exit code 7: the reason"):
        await box.start()
    assert not (tmp_path / "s" / "root").exists()


async def test_a_missing_mount_is_explained(tmp_path: Path):
    mount = Mount(host=str(tmp_path / "none"), inside="/none")
    box = BwrapEnvironment(EnvironmentSpec(name="x", mounts=(mount,)), tmp_path / "s")
    with pytest.raises(SandboxError, match="none"):
        await box.start()


async def test_groups_are_removed(tmp_path: Path):
    box = BwrapEnvironment(EnvironmentSpec(name="x"), tmp_path / "s")
    await box.start()
    groups = groups_of(first_process(os.getpid()))
    assert bool(groups) == (limits.in_force() in ("cgroup v1", "cgroup v2"))
    await box.exec("sleep 100 & echo")
    await box.stop()
    assert not any(group.exists() for group in groups)


def test_the_command_line_shows_no_more_than_asked(tmp_path: Path):
    command = bwrap_command(mounts=(Mount(host=str(tmp_path), inside="/seven"),))
    assert command[-1] == "--"
    assert "--share-net" not in command
    assert "--bind" not in command
    assert command[command.index("/seven") - 2] == "--ro-bind"
    assert "/etc/resolv.conf" not in command
    assert command[-5:-3] == ["LANG", "C.UTF-8"]


async def test_without_a_root_nothing_is_writable():
    script = "find / -maxdepth 3 -type d -not -path '/proc/[0-9]*' 2>/dev/null | while read -r d; do "
    script += '(: >"$d/ahe-canary") 2>/dev/null && echo "$d"; done; id -u'
    process = await asyncio.create_subprocess_exec(
        *bwrap_command(), "/bin/sh", "-c", script, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    assert output.split() == [b"0"]


def test_the_probe_says_what_is_used():
    status = probe()
    assert status.works, f"{status.problem}: {status.fix}"
    assert os.path.isabs(status.path)
    assert status.version


def test_a_diagnosis_holds_a_problem_and_a_fix():
    problem, fix = diagnose("No permissions to create new namespace")
    assert "No permissions to create new namespace" in problem or "forbidden here by" in problem
    assert any(way in fix for way in ("sysctl -w ", "--privileged", 'kind = "docker"'))


def test_clip_keeps_both_ends():
    clip = Clip(5)
    for piece in (b"ab", b"cdef", b"g", b"", b"hij"):
        clip.feed(piece)
    assert clip.result() == (b"abcij", 5)
    whole = Clip(10)
    whole.feed(b"abcdefghij")
    assert whole.result() == (b"abcdefghij", 0)
    nothing = Clip(0)
    nothing.feed(b"abc")
    assert nothing.result() == (b"", 3)


async def test_what_an_installer_compiled_is_no_content_of_a_task(tmp_path: Path) -> None:
    compiled = tmp_path / "files" / "__pycache__"
    compiled.mkdir(parents=True)
    (compiled / "greet.cpython-311.pyc").write_bytes(b"\xa7\r\r\n")
    (tmp_path / "files" / "greet.py").write_text("print('hi')\n")
    spec = EnvironmentSpec(name="compiled", workdir="/app", files=str(tmp_path / "files"))
    environment = BwrapEnvironment(spec, tmp_path / "scratch")
    await environment.start()
    try:
        assert (await environment.exec("ls -A")).text == "greet.py\n"
    finally:
        await environment.stop()
