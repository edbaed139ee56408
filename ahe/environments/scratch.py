"""Writable host folders behind a sandbox: filled before it starts, removed whatever it left in them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from ahe.errors import SandboxError, TaskError

FOLDERS = ("etc", "home", "logs", "opt", "root", "run", "srv", "tmp", "var/tmp", "var/log")
PASSWD = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
GROUP = "root:x:0:\nnogroup:x:65534:\n"
HOSTS = "127.0.0.1 localhost sandbox\n::1 localhost\n"


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
    """Copies a host folder's content, links as links. Raises TaskError where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    if files is None:
        return
    if not os.path.isdir(files):
        raise TaskError(f"the environment's folder of files is missing: {files}")
    # An installer compiles what it installs; a task's digest does not count that either.
    compiled = shutil.ignore_patterns("__pycache__", "*.pyc")
    shutil.copytree(files, folder, symlinks=True, dirs_exist_ok=True, ignore=compiled)


def remove(folder: Path) -> None:
    """Removes a folder tree, even where a task made it unreadable, or deeper than Python can follow."""
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except (OSError, RecursionError):
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*command, "--", str(folder)], stdin=subprocess.DEVNULL, capture_output=True)
    if folder.exists():
        raise SandboxError(f"cannot remove {folder}: remove it by hand")
