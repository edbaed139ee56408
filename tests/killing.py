"""Kills `ahe` with SIGKILL at a chosen moment, which comes however fast or slow the machine is; counts its git calls."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import world

GIT = """\
#!/bin/sh
case "$*" in
{pattern}) {first}kill -9 {victim}; exit 1 ;;
esac
exec {git} "$@"
"""


def deadly_git(folder: Path, pattern: str, *, after: bool = False, victim: str = "$PPID") -> dict[str, str]:
    """The PATH with a `git` that kills who calls it with arguments like the shell's `pattern`.

    The real git does its work before that (`after`), or not at all.
    """
    real = shutil.which("git")
    assert real is not None
    first = f'{shlex.quote(real)} "$@"; ' if after else ""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "git"
    given = pattern.replace(" ", "\\ ")
    program.write_text(GIT.format(pattern=given, first=first, victim=victim, git=shlex.quote(real)))
    program.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}"}


def counted_git(folder: Path) -> dict[str, str]:
    """The PATH with a `git` that writes the first word of every call into the file `calls` of the folder."""
    path = deadly_git(folder, "no such call")
    program = folder / "git"
    log = shlex.quote(str(folder / "calls"))
    program.write_text(program.read_text().replace("case", f'echo "$1" >> {log}\ncase', 1))
    return path


def start(root: Path, *arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    """`ahe` with these arguments, at work in the background."""
    return subprocess.Popen(
        [sys.executable, "-m", "ahe", *arguments],
        cwd=root,
        env={**world.environment(), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def killed_at_git(root: Path, pattern: str, *arguments: str, after: bool = False) -> None:
    """Run `ahe` until it calls git like this. Fails where it never does."""
    process = start(root, *arguments, **deadly_git(root.parent / "deadly", pattern, after=after))
    assert process.wait(timeout=120) == -signal.SIGKILL, f"it ended without `git {pattern}`"


def progress(root: Path) -> tuple[int, int, tuple[int, ...]]:
    """What a run has put down so far: trials, answers, and the times of git's refs."""
    git = root / "workspace" / ".git"
    refs = (git / "logs" / "HEAD", git / "refs" / "notes", git / "refs" / "tags" / "ahe")
    ((trials, answers),) = world.rows(
        root, "SELECT (SELECT count(*) FROM trial), (SELECT count(*) FROM answer)"
    ) or [(0, 0)]
    return trials, answers, tuple(path.stat().st_mtime_ns if path.exists() else 0 for path in refs)


def killed_after(process: subprocess.Popen[bytes], root: Path, steps: int, seconds: float = 0.0) -> bool:
    """Kill a run `seconds` after it has put down `steps` more things. False where it ended by itself before."""
    seen = progress(root)
    while steps and process.poll() is None:
        if (now := progress(root)) != seen:
            seen, steps = now, steps - 1
        time.sleep(0.005)
    time.sleep(seconds)
    if process.poll() is None:
        process.kill()
    return process.wait() == -signal.SIGKILL
