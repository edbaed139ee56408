"""Names the process that owns a sandbox, so that a later one can tell what a killed process left behind."""

from __future__ import annotations

import os
from pathlib import Path


def owner() -> str:
    """`<pid>-<start time>` of this process: unlike a bare process id, never used again until a reboot."""
    return f"{os.getpid()}-{_started(os.getpid())}"


def is_alive(name: str) -> bool:
    """Whether the process that `owner` named still runs here. Names of another form count as alive."""
    pid, _, started = name.partition("-")
    if not pid.isdigit() or not started.isdigit():
        return True
    return _started(int(pid)) == started


def _started(pid: int) -> str:
    """Start time in clock ticks since boot, empty where there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    return stat.rpartition(")")[2].split()[19]
