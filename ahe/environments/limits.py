"""Limits on memory, processes and file size: a control group where one can be made, else process limits."""

import asyncio
import contextlib
import functools
import itertools
import os
import platform
import resource
import signal
from pathlib import Path
from typing import Literal

from ahe.errors import SandboxError
from ahe.records import EnvironmentSpec

Kind = Literal["cgroup v2", "cgroup v1", "process limits"]
PREFIX = "ahe-"
REMOVE_SECONDS = 3.0
_numbers = itertools.count(1)


class Limiter:
    """Limits what the processes of one sandbox may use together; `file_mb` of the spec applies to each file.

    Call `add` before anything untrusted runs, `close` after its end.
    """

    def __init__(self, spec: EnvironmentSpec) -> None:
        self.spec = spec
        _, parents = _limiter()
        name = f"{PREFIX}{owner()}-{next(_numbers)}"
        self.groups = tuple(parent / name for parent in parents)
        self._kills = _machine_kills()

    def add(self, pid: int) -> None:
        """Limits a process and all that it will start. Raises SandboxError."""
        try:
            for group in self.groups:
                group.mkdir(exist_ok=True)
                _configure(group, self.spec)
                (group / "cgroup.procs").write_text(str(pid))
            _limit_process(pid, self.spec, alone=not self.groups)
        except OSError as error:
            raise SandboxError(
                f"the sandbox's limits could not be set ({error}): see `ahe doctor`"
            ) from error

    def ran_out_of_memory(self) -> bool:
        """Whether the kernel killed a process of this sandbox because memory was used up.

        Without a control group the sum of its memory has no limit, so any such kill on the machine counts.
        """
        if not self.groups:
            return _machine_kills() > self._kills
        files = [group / f"memory.{name}" for group in self.groups for name in ("events", "oom_control")]
        return any(_counts(file).get("oom_kill", 0) for file in files)

    async def close(self) -> None:
        """Ends what still runs in the control groups and removes them."""
        end = asyncio.get_running_loop().time() + REMOVE_SECONDS
        for group in self.groups:
            while group.exists():
                try:
                    group.rmdir()
                except OSError:
                    for pid in map(int, _read(group / "cgroup.procs").split()):
                        with contextlib.suppress(OSError):
                            if pid > 0:  # 0: a process that this namespace cannot see
                                os.kill(pid, signal.SIGKILL)
                    if asyncio.get_running_loop().time() > end:
                        break  # swept at the next start
                    await asyncio.sleep(0.002)


def in_force() -> str:
    """The kind of limiter on this machine and what it cannot do, for `ahe doctor`."""
    kind, _ = _limiter()
    if kind != "process limits":
        return kind
    holes = ["memory for each process, not for their sum"]
    if not _counts_by_namespace():
        holes.append("no limit on the number of processes")
    return f"process limits ({', '.join(holes)}: no control group can be made here)"


@functools.cache
def _limiter() -> tuple[Kind, tuple[Path, ...]]:
    """The kind of limiter, and the folders in which a sandbox's groups are made."""
    lines = [line.split(":", 2) for line in _read(Path("/proc/self/cgroup")).splitlines()]
    paths = {name: path for _, names, path in lines for name in names.split(",")}  # v2 has the empty name
    mounts = _group_mounts()
    if "" in paths and "" in mounts:
        own = mounts[""] / paths[""].lstrip("/")
        for parent in (own, *own.parents):
            delegated = set(_read(parent / "cgroup.subtree_control").split())
            if parent.is_relative_to(mounts[""]) and {"memory", "pids"} <= delegated and _can_make(parent):
                return "cgroup v2", (parent,)
    if all(name in paths and name in mounts for name in ("memory", "pids")):
        found = []
        for name in [name for name in ("memory", "pids", "cpu") if name in mounts]:
            own = mounts[name] / paths.get(name, "").lstrip("/")
            found += [parent for parent in (own, mounts[name]) if _can_make(parent)][:1]
        if len(found) >= 2 and "memory" in str(found[0]) and "pids" in str(found[1]):
            return "cgroup v1", tuple(dict.fromkeys(found))
    return "process limits", ()


def _group_mounts() -> dict[str, Path]:
    """Where the hierarchy of each controller is mounted; v2 has the empty name."""
    mounts: dict[str, Path] = {}
    for line in _read(Path("/proc/self/mounts")).splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup2":
            mounts[""] = Path(place)
        elif kind == "cgroup":
            mounts |= {name: Path(place) for name in options.split(",")}
    return mounts


def _can_make(parent: Path) -> bool:
    if not os.access(parent, os.W_OK):
        return False
    _sweep(parent)
    trial = parent / f"{PREFIX}{owner()}-0"
    try:
        trial.mkdir()
        trial.rmdir()
    except OSError:
        return False
    return True


def _sweep(parent: Path) -> None:
    """Removes groups left behind by `ahe` processes that were killed."""
    for group in parent.glob(f"{PREFIX}*"):
        if not is_alive(group.name.removeprefix(PREFIX).rpartition("-")[0]):
            with contextlib.suppress(OSError):
                group.rmdir()


def _configure(group: Path, spec: EnvironmentSpec) -> None:
    memory = str(spec.memory_mb << 20)
    period = 100_000
    # One more than the task may have, because process 1 counts too.
    values = {"memory.max": memory, "memory.limit_in_bytes": memory, "pids.max": str(spec.processes + 1)}
    values |= {"memory.swap.max": "0", "memory.memsw.limit_in_bytes": memory}
    if spec.cpus:
        share = str(int(period * spec.cpus))
        values |= {"cpu.max": f"{share} {period}", "cpu.cfs_quota_us": share}
    for name, value in values.items():
        if (group / name).exists():
            (group / name).write_text(value)


def _limit_process(pid: int, spec: EnvironmentSpec, *, alone: bool) -> None:
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_FSIZE: spec.file_mb << 20}
    if alone:
        # Not RLIMIT_AS: Java, Go and V8 reserve far more address space than they use.
        limits[resource.RLIMIT_DATA] = spec.memory_mb << 20
        if _counts_by_namespace():
            limits[resource.RLIMIT_NPROC] = spec.processes + 1
    for name, value in limits.items():
        resource.prlimit(pid, name, (value, value))


def _counts_by_namespace() -> bool:
    """Since Linux 5.14 RLIMIT_NPROC counts within the user namespace; real root is exempt from it."""
    release = [int(part) for part in platform.release().split("-")[0].split(".")[:2] if part.isdigit()]
    return os.geteuid() != 0 and release >= [5, 14]


def _machine_kills() -> int:
    """How many processes of this machine the kernel has killed for want of memory since it started."""
    return _counts(Path("/proc/vmstat")).get("oom_kill", 0)


def _counts(path: Path) -> dict[str, int]:
    """The numbers in a file of lines `name number`."""
    return {name: int(number) for name, number in (line.split() for line in _read(path).splitlines())}


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


# ---------------------------------------------------------------- the process that owns a sandbox


def owner() -> str:
    """`<pid>-<start time>` of this process: unlike a process id alone, it is not reused before a reboot."""
    return f"{os.getpid()}-{_started(os.getpid())}"


def is_alive(name: str) -> bool:
    """Whether the process with this `owner()` name still runs here. Names of another form count as alive."""
    pid, _, started = name.partition("-")
    if not pid.isdigit() or not started.isdigit():
        return True
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    """Start time in clock ticks since boot; empty if there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
