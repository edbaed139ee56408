"""The files that a bubblewrap sandbox shows: the host's system, read-only, and a writable root."""

import functools
import glob
import os
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

from ahe.errors import SandboxError, TaskError
from ahe.files import remove_tree
from ahe.records import Mount

SYSTEM = ("/usr", "/nix/store")
MERGED = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
ETC = (
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime"),
    *("os-release", "debian_version"),
    *("ssl/certs", "ssl/openssl.cnf", "pki/tls/certs", "pki/ca-trust/extracted", "ca-certificates.conf"),
    *("mime.types", "protocols", "services", "magic", "magic.mime", "terminfo", "perl"),
)
# In a sandbox that real root started, root could write to these files of the kernel. Docker covers the same ones.
PROC_READ_ONLY = ("bus", "fs", "irq", "sys", "sysrq-trigger")
PROC_HIDDEN = (
    *("kallsyms", "kcore", "keys", "kmsg", "kpagecgroup", "kpagecount", "kpageflags", "latency_stats"),
    *("mtrr", "sched_debug", "timer_list", "timer_stats", "vmallocinfo"),
)
SITE_PACKAGES = ("lib*/python3*/site-packages", "lib*/python3*/dist-packages")
PACKAGE = Path(__file__).resolve().parent.parent
FOLDERS = ("etc", "home", "logs", "opt", "root", "run", "srv", "tmp", "var/tmp", "var/log")
PASSWD = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
GROUP = "root:x:0:\nnogroup:x:65534:\n"
HOSTS = "127.0.0.1 localhost sandbox\n::1 localhost\n"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def installation() -> tuple[Path, ...]:
    """Paths that no sandbox may show: the checkout that holds the package, or the package alone."""
    checkout = PACKAGE.parent
    return (checkout,) if (checkout / "pyproject.toml").is_file() else (PACKAGE,)


@functools.cache
def interpreter() -> Path:
    """The Python that runs `ahe`: the interpreter itself, not the link in a virtual environment."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


@functools.cache
def interpreter_prefix() -> Path | None:
    """The folder of the interpreter's files, or None if it lies in the system folders."""
    prefix = interpreter().parent.parent
    return None if any(prefix.is_relative_to(place) for place in ("/usr", *SYSTEM)) else prefix


@functools.cache
def base_environment() -> tuple[tuple[str, str], ...]:
    """Variables that every command in a bubblewrap sandbox starts with; none comes from the host."""
    prefix = interpreter_prefix()
    path = f"{PATH}:{prefix}/bin" if prefix else PATH
    return (("PATH", path), ("HOME", "/root"), ("USER", "root"), ("LANG", "C.UTF-8"))


def mask(path: str, *, is_dir: bool) -> list[str]:
    """Arguments that cover a visible path with an empty read-only folder or an empty file."""
    return ["--tmpfs", path, "--remount-ro", path] if is_dir else ["--ro-bind", "/dev/null", path]


@functools.cache
def system() -> tuple[str, ...]:
    """The system's folders read-only, without installed Python packages."""
    arguments: list[str] = []
    for place in (*SYSTEM, *MERGED):
        if os.path.islink(place):
            arguments += ["--symlink", os.readlink(place), place]
        elif os.path.isdir(place):
            arguments += ["--ro-bind", place, place]
    for name in ETC:
        if os.path.exists(f"/etc/{name}"):
            arguments += ["--ro-bind", f"/etc/{name}", f"/etc/{name}"]
    for prefix in ("/usr", "/usr/local"):
        arguments += _without_packages(prefix)
    return tuple(arguments)


@functools.cache
def kernel() -> tuple[str, ...]:
    """A private /proc and /dev. The files of /proc that are about the host are read-only or empty."""
    arguments = ["--proc", "/proc"]
    for name in PROC_READ_ONLY:
        if os.path.exists(f"/proc/{name}"):
            arguments += ["--ro-bind", f"/proc/{name}", f"/proc/{name}"]
    for name in PROC_HIDDEN:
        if os.path.exists(f"/proc/{name}"):
            arguments += mask(f"/proc/{name}", is_dir=False)
    for name in ("acpi", "scsi"):
        if os.path.isdir(f"/proc/{name}"):
            arguments += mask(f"/proc/{name}", is_dir=True)
    # bwrap's own /dev/shm and /dev have no size limit: a full one would use up the host's memory.
    shm = ["--size", str(64 << 20), "--perms", "1777", "--tmpfs", "/dev/shm"]
    # Without /proc/self/oom_score_adj nothing inside can make the kernel kill process 1 first (see `init.py`).
    return (*arguments, "--remount-ro", "/proc", "--dev", "/dev", *shm, "--remount-ro", "/dev")


@functools.cache
def python() -> tuple[str, ...]:
    """The interpreter and its standard library at their own path, if the system folders lack them."""
    prefix = interpreter_prefix()
    if prefix is None:
        return ()
    program = interpreter()
    arguments = ["--ro-bind", f"{prefix}/lib", f"{prefix}/lib", "--ro-bind", str(program), str(program)]
    for name in ("python3", "python"):
        if name != program.name:
            arguments += ["--symlink", program.name, f"{prefix}/bin/{name}"]
    return (*arguments, *_without_packages(str(prefix)))


def names() -> tuple[str, ...]:
    """The files that resolve host names: shown only to a sandbox with a network."""
    found = [path for path in ("/etc/resolv.conf", "/etc/nsswitch.conf") if os.path.exists(path)]
    return tuple(word for path in found for word in ("--ro-bind", os.path.realpath(path), path))


def masks(mounts: Iterable[Mount], hidden: Iterable[str]) -> list[str]:
    """Arguments that cover hidden host paths, and the installation of `ahe`, where bubblewrap would show them."""
    shown = [(place, place) for place in (*SYSTEM, *MERGED)]
    prefix = interpreter_prefix()
    if prefix:
        shown.append((f"{prefix}/lib", f"{prefix}/lib"))
    packages = [place for top in ("/usr", "/usr/local", prefix) if top for place in _packages(str(top))]
    arguments: list[str] = []
    for path, is_dir in covered([*shown, *mounted(mounts)], hidden):
        if not any(path.startswith(f"{place}/") for place in packages):  # else it is covered already
            arguments += mask(path, is_dir=is_dir)
    return arguments


def mounted(mounts: Iterable[Mount]) -> list[tuple[str, str]]:
    """Host folder and place inside, for each mount."""
    return [(os.path.realpath(mount.host), mount.inside) for mount in mounts]


def covered(shown: Iterable[tuple[str, str]], hidden: Iterable[str]) -> list[tuple[str, bool]]:
    """Paths inside at which hidden host paths, or the installation of `ahe`, would show; True for a folder.

    `shown` holds host folders and their paths inside. A folder that itself lies in a hidden one was mounted on
    purpose and stays visible.
    """
    paths = [os.path.abspath(path) for path in (*hidden, *map(str, installation()))]
    found: dict[str, bool] = {}
    for path in dict.fromkeys([*paths, *map(os.path.realpath, paths)]):
        for host, inside in shown:
            if path.startswith(f"{host}/") and os.path.exists(path):
                found[os.path.join(inside, os.path.relpath(path, host))] = os.path.isdir(path)
    return list(found.items())


def _packages(prefix: str) -> list[str]:
    found = [place for pattern in SITE_PACKAGES for place in glob.glob(f"{prefix}/{pattern}")]
    return sorted(place for place in found if os.path.isdir(place) and not os.path.islink(place))


def _without_packages(prefix: str) -> list[str]:
    return [word for place in _packages(prefix) for word in mask(place, is_dir=True)]


# ---------------------------------------------------------------- the writable root


def make_root(root: Path, workdir: str, files: str | None) -> None:
    """Makes a sandbox's root folder, with `files` (a host folder) as the content of `workdir`."""
    try:
        for name in FOLDERS:
            (root / name).mkdir(parents=True, exist_ok=True)
        for name in ("tmp", "var/tmp"):
            (root / name).chmod(0o1777)
        for name, text in (("passwd", PASSWD), ("group", GROUP), ("hosts", HOSTS), ("hostname", "sandbox\n")):
            (root / "etc" / name).write_text(text)
        fill(root / workdir.lstrip("/"), files)
    except OSError as error:
        raise SandboxError(f"cannot make the sandbox's folders: {error}") from error


def fill(folder: Path, files: str | None) -> None:
    """Copies a host folder's content, links as links. Raises TaskError if `files` is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    if files is None:
        return
    if not os.path.isdir(files):
        raise TaskError(f"the environment's folder of files is missing: {files}")
    # An installer compiles the Python files that it installs; a task's digest leaves those out too.
    compiled = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(files, folder, symlinks=True, dirs_exist_ok=True, ignore=compiled)


def remove(folder: Path) -> None:
    """Removes a sandbox's folder. Raises SandboxError if it cannot be removed."""
    try:
        remove_tree(folder)
    except OSError as error:
        raise SandboxError(str(error)) from error
