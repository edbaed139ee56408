"""What commands do to end the environment, hang it, or make the host believe that it failed by itself.

What the commands did is answered, or raises `EnvironmentLost`, which is a failure of the agent; never another error.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ahe.environments import limits
from ahe.environments.base import LinkedEnvironment
from ahe.environments.bwrap import BwrapEnvironment
from ahe.environments.inside import init
from ahe.environments.launch import launch_bare
from ahe.environments.unsafe import DirectEnvironment
from ahe.errors import EnvironmentLost
from ahe.records import EnvironmentSpec, ExecResult

with_cgroup = pytest.mark.skipif(
    not limits.in_force().startswith("cgroup"), reason="the sum of a sandbox's memory is not limited here"
)


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[BwrapEnvironment]:
    environment = BwrapEnvironment(EnvironmentSpec(name="attack", memory_mb=128), tmp_path / "scratch")
    await environment.start()
    yield environment
    await environment.stop()


def python(code: str) -> str:
    return f"python3 -c {shlex.quote(code)}"


async def is_alive(box: BwrapEnvironment) -> bool:
    return (await box.exec("echo alive")).text == "alive\n"


async def test_process_1_is_the_last_that_memory_costs(box: BwrapEnvironment) -> None:
    done = await box.exec(
        "cat /proc/1/oom_score_adj /proc/self/oom_score_adj; echo 0 >/proc/self/oom_score_adj"
    )
    own, commands = (int(line) for line in done.text.splitlines()[:2])
    assert own < commands == 1000
    assert done.exit_code != 0, "a command made itself as unlikely to be killed as process 1"
    assert (await box.exec("sh -c 'cat /proc/self/oom_score_adj'")).text == "1000\n"


MEMFDS = """
import os
try: open("/proc/self/oom_score_adj", "w").write("0")
except OSError: pass
for _ in range(100):
    file = os.memfd_create("x")
    for _ in range(10): os.write(file, bytes(1 << 20))
print("all written")
"""
SHARED = """
import ctypes
libc = ctypes.CDLL(None)
libc.shmat.restype = ctypes.c_void_p
for _ in range(100):
    place = libc.shmat(libc.shmget(0, 10 << 20, 0o1600), None, 0)
    ctypes.memset(place, 1, 10 << 20)
    libc.shmdt(ctypes.c_void_p(place))
print("all written")
"""


@with_cgroup
async def test_memory_that_no_process_holds_costs_the_command(box: BwrapEnvironment) -> None:
    done = await box.exec(python(MEMFDS), timeout=100)
    assert (done.exit_code, done.text) == (137, "")
    assert await is_alive(box)


@with_cgroup
async def test_memory_that_outlives_its_processes_is_the_agents_doing(box: BwrapEnvironment) -> None:
    async def attack() -> None:
        await box.exec("head -c 30000000 /dev/zero >big")
        for _ in range(50):
            await box.exec(python(SHARED), timeout=100)
            await box.exec("ls")
            await box.read("big")

    with pytest.raises(EnvironmentLost, match="memory"):
        await attack()


async def test_any_request_is_answered(box: BwrapEnvironment) -> None:
    for path in (
        "a\0b",
        "\ud800",
        "/" + "d/" * 3000,
        "/dev/fd/1",
        "/dev/stdin",
        "/proc/self/mem",
        "/proc/1/fd/0",
    ):
        with pytest.raises(OSError):
            await box.read(path)
        with pytest.raises(OSError):
            await box.write(path, b"x")
    for options in ({"env": {"A": "\0"}}, {"env": {"\ud800": "x"}}, {"cwd": "\ud800"}):
        done = await box.exec("true", **options)  # type: ignore[arg-type]
        assert (done.exit_code, bool(done.output)) == (126, True)
    assert (await box.exec("true", timeout=1e12)).exit_code == 0
    assert (await box.exec("echo \ud800")).exit_code == 126
    assert await is_alive(box)


async def test_a_path_that_changes_meanwhile_does_not_lead_to_process_1(box: BwrapEnvironment) -> None:
    swap = "while :; do ln -sfn /proc/self d; ln -sfn /app/real d; done"
    await box.exec(f"mkdir real; echo mine >real/environ; ({swap}) >/dev/null 2>&1 &")
    read = set()
    for _ in range(300):
        try:
            read.add(await box.read("d/environ"))
        except OSError:
            continue
    assert read <= {b"mine\n"}


async def test_pipes_kept_open_end_nothing(box: BwrapEnvironment) -> None:
    """Each background process keeps its command's pipe; process 1 reads all of them."""
    await box.exec("ulimit -n 64; for i in 1 2 3; do sleep 100 & done")
    for _ in range(40):
        assert (await box.exec("sleep 100 & true")).exit_code == 0
    assert (await box.exec("sleep 50", timeout=0.3)).timed_out
    assert await is_alive(box)


async def test_a_cancelled_command_that_ends_by_itself(box: BwrapEnvironment) -> None:
    for _ in range(20):
        task = asyncio.create_task(box.exec("echo x; sleep 0.01"))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait({task})
    assert await is_alive(box)


async def test_typing_and_keys_and_namespaces_are_refused(box: BwrapEnvironment) -> None:
    code = """
import ctypes, errno, fcntl, os, pty, socket
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *arguments):
    return errno.errorcode.get(ctypes.get_errno()) if libc.syscall(number, *arguments) < 0 else "allowed"
_, side = pty.openpty()
for request in (0x5412, 0x541C, 0x100005412):
    try: fcntl.ioctl(side, request & 0xFFFFFFFF, b"x"); print("allowed")
    except OSError as error: print(errno.errorcode[error.errno])
for family in (38, 40, 31, 30):
    try: socket.socket(family, socket.SOCK_STREAM); print("allowed")
    except OSError as error: print(errno.errorcode[error.errno])
if os.uname().machine == "x86_64":
    print(*(call(number, 0x10000000, 0, 0, 0, 0) for number in (250, 248, 249, 272, 56, 298, 321, 323, 165, 435)))
    print(call(0x40000000 | 250, 0, 0, 0), call(272, 0x200))
"""
    done = await box.exec(python(code))
    lines = done.text.split("\n")
    assert lines[:3] == ["EPERM"] * 3, done.text
    assert lines[3:7] == ["EAFNOSUPPORT"] * 4
    if os.uname().machine == "x86_64":
        assert lines[7:9] == ["EPERM " * 9 + "ENOSYS", "ENOSYS allowed"]


async def test_limits_and_priority_of_process_1_cannot_be_changed(box: BwrapEnvironment) -> None:
    """A limit of one second of CPU time would kill it later, which would look like the host's doing."""
    code = """
import os, resource
calls = [
    lambda: resource.prlimit(1, resource.RLIMIT_CPU, (1, 1)),
    lambda: os.sched_setaffinity(1, {0}),
    lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)),
    lambda: os.setpriority(os.PRIO_PROCESS, 1, 19),
    lambda: os.setpriority(os.PRIO_USER, 0, 19),
    lambda: resource.prlimit(os.getpid(), resource.RLIMIT_CPU, (50, 50)),
    lambda: os.setpriority(os.PRIO_PROCESS, 0, 19),
]
for call in calls:
    try: call(); print("done")
    except PermissionError: print("refused")
"""
    done = await box.exec(python(code))
    assert done.text.split() == ["refused"] * 5 + ["done"] * 2


async def test_signals_that_the_kernel_sends_do_not_end_process_1(box: BwrapEnvironment) -> None:
    code = """
import fcntl, os, signal, socket
for number in (signal.SIGKILL, signal.SIGCHLD, signal.SIGHUP, signal.SIGSTOP):
    ours, theirs = socket.socketpair()
    fcntl.fcntl(ours, fcntl.F_SETOWN, 1)
    fcntl.fcntl(ours, 10, number)  # F_SETSIG
    fcntl.fcntl(ours, fcntl.F_SETFL, os.O_ASYNC | os.O_NONBLOCK)
    for _ in range(1000): theirs.send(b"x"); ours.recv(1)
"""
    assert (await box.exec(python(code))).exit_code == 0
    assert await is_alive(box)
    assert box._launched is not None
    assert box._launched.stderr_tail() == ""


async def test_ordinary_tools_still_work(box: BwrapEnvironment) -> None:
    code = """
import multiprocessing, socket, subprocess, threading
threads = [threading.Thread(target=lambda: None) for _ in range(5)]
[t.start() for t in threads]; [t.join() for t in threads]
socket.socketpair(); socket.socket(socket.AF_INET).bind(("127.0.0.1", 0)); socket.socket(socket.AF_INET6)
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool: print(pool.map(abs, [-1, -2]))
    print(subprocess.run(["sh", "-c", "echo sub"], capture_output=True, text=True).stdout)
"""
    await box.write("ordinary.py", code.encode())
    done = await box.exec("python3 ordinary.py && git init -q r && ls | wc -l")
    assert (done.exit_code, done.text) == (0, "[1, 2]\nsub\n\n2\n"), done.text


async def test_a_process_traces_another_but_not_process_1(box: BwrapEnvironment) -> None:
    code = "import ctypes,sys; print(ctypes.CDLL(None).ptrace(16, int(sys.argv[1]), 0, 0))"  # PTRACE_ATTACH
    done = await box.exec(f"sleep 100 & {python(code)} $!; {python(code)} 1")
    assert done.text == "0\n-1\n"


class Odd(LinkedEnvironment):
    """An environment whose process 1 is a program of the test's own: it serves, and then does `then`."""

    describe = "odd"

    def __init__(self, then: str) -> None:
        super().__init__(EnvironmentSpec(name="odd"))
        self.then = then

    async def start(self) -> None:
        ready = init.HEADER.pack(0, init.DATA, 0, 0, 0)
        code = f"import os, sys\nos.write(1, {ready!r})\n"
        code += "while b'true' not in os.read(0, 1 << 16): pass\n" + self.then
        await self._open(await launch_bare([sys.executable, "-c", code], EnvironmentSpec(name="x")))

    async def _run(self, command) -> ExecResult:
        return await self._opened().exec(command, {})

    async def stop(self) -> None:
        await self._close()


@pytest.mark.parametrize(
    "then",
    [
        "sys.exit(1)",
        "os.write(1, b'x')",
        "os.write(1, b'\\xff' * 1000)",
        f"os.write(1, {init.HEADER.pack(1, 0, 0, 0, 1 << 31)!r} + b'x'); os.read(0, 1)",
    ],
)
async def test_a_process_1_that_sends_anything_is_the_agents_doing(then: str) -> None:
    environment = Odd(then)
    await environment.start()
    try:
        with pytest.raises(EnvironmentLost):
            await environment.exec("true")
        with pytest.raises(EnvironmentLost):
            await environment.read("x")
    finally:
        await environment.stop()


async def test_without_a_sandbox_too(tmp_path: Path) -> None:
    spec = EnvironmentSpec(name="x", workdir=str(tmp_path / "app"))
    environment = DirectEnvironment(spec, tmp_path, (str(tmp_path / "logs"),))
    await environment.start()
    try:
        assert (await environment.exec(f"rm -rf {spec.workdir}")).exit_code == 0
        after = await environment.exec("pwd")
        assert (after.exit_code, after.text.splitlines()[-1]) == (0, "/tmp")
        assert f"cannot enter {spec.workdir}" in after.text
        with pytest.raises(OSError):
            await environment.read("a\0b")
        with pytest.raises(EnvironmentLost):
            await environment.exec("kill -9 $PPID; sleep 100")
    finally:
        await environment.stop()
