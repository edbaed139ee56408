"""The process table, and which of its processes belong to which command."""

from __future__ import annotations

# `signal` itself would pull in enum, and cost 5 ms of CPU at each start.
import _signal as signal  # type: ignore[import-not-found]
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

MARKER = "_EXEC"  # the variable that names the command by which a process was started
KILL_SECONDS = 5.0


class Process:
    """One line of the process table."""

    def __init__(self, pid: int, stat: bytes) -> None:
        fields = stat[stat.rindex(b")") + 2 :].split()
        self.pid, self.gone = pid, fields[0] in (b"Z", b"X")
        self.parent, self.session = int(fields[1]), int(fields[3])
        self.key = (pid, int(fields[19]))  # with its start time: process ids are used again


def process_table() -> dict[int, Process]:
    """All processes by id."""
    table = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb", 0) as file:
                    table[int(name)] = Process(int(name), file.read(4096))
            except OSError:
                continue
    return table


def marker_of(pid: int) -> int:
    """The exec that a process was started by, as its environment says; 0 where it says nothing."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            for entry in file.read(1 << 20).split(b"\0"):
                if entry.startswith(MARKER.encode() + b"="):
                    return int(entry.partition(b"=")[2])
    except (OSError, ValueError):
        pass
    return 0


class ProcessTracker:
    """Knows what each command started, even what left its session, its parents and its environment."""

    def __init__(self) -> None:
        self.me = os.getpid()
        self.sessions: dict[int, int] = {}
        self.before: dict[int, set[tuple[int, int]]] = {}

    def expect(self, number: int) -> None:
        """A command will be started: what runs already is not its doing."""
        self.before[number] = {process.key for process in process_table().values()}

    def began(self, number: int, pid: int) -> None:
        self.sessions[pid] = number

    def ended(self, number: int) -> None:
        self.before.pop(number, None)

    def kill(self, number: int) -> None:
        """Kills all that a command started."""
        self.kill_all(lambda table: self.family(number, table))

    def kill_all(self, choose: Callable[[dict[int, Process]], list[Process]]) -> None:
        """Kills what `choose` picks from the process table until it picks nothing."""
        end = time.monotonic() + KILL_SECONDS
        while True:
            victims = choose(process_table())
            if not victims:
                return
            for process in victims:
                try:
                    os.kill(process.pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.001)
            if time.monotonic() > end:
                # A fork bomb outruns this, but not -1, which is atomic. Only ever in a namespace of our own.
                if self.me == 1:
                    os.kill(-1, signal.SIGKILL)
                return

    def family(self, number: int, table: dict[int, Process]) -> list[Process]:
        """Living processes that a command started.

        A process belongs to the command that its environment names, or its session, or its parents. An orphan
        without any mark is this command's if it is younger and no other command runs.
        """
        if self.me != 1:
            mine = {process.pid for process in self.descendants(table)}
            table = {pid: process for pid, process in table.items() if pid in mine}
        owners: dict[int, int] = {self.me: 0}
        for process in table.values():
            chain = []
            while process.pid not in owners:
                chain.append(process)
                owner = marker_of(process.pid) or self.sessions.get(process.session)
                if owner:
                    owners[process.pid] = owner
                elif process.parent == self.me or process.parent not in table:
                    young = process.key not in self.before[number]
                    owners[process.pid] = number if young and len(self.before) == 1 else 0
                else:
                    process = table[process.parent]
            for link in chain:
                owners[link.pid] = owners[process.pid]
        return [table[pid] for pid, owner in owners.items() if owner == number and not table[pid].gone]

    def descendants(self, table: dict[int, Process]) -> list[Process]:
        mine = {self.me}
        while True:
            more = {process.pid for process in table.values() if process.parent in mine} - mine
            if not more:
                return [table[pid] for pid in mine if pid != self.me and not table[pid].gone]
            mine |= more
