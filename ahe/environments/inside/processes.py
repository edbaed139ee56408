"""How a command starts, the process table, and which of its processes belong to which command."""

from __future__ import annotations

# `signal` itself would pull in enum, and cost 5 ms of CPU at each start.
import _signal as signal  # type: ignore[import-not-found]
import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

CANNOT_RUN = 126
MARKER = "_EXEC"  # environment variable with the number of the command that a process belongs to
KILL_SECONDS = 5.0


def exec_command(request: dict[str, Any], number: int, writer: int) -> NoReturn:
    """Turns the forked child into the command. Never returns."""
    try:
        os.setsid()
        null = os.open("/dev/null", os.O_RDONLY)
        for source, target in ((null, 0), (writer, 1), (writer, 2)):
            os.dup2(source, target)
        signal.set_wakeup_fd(-1)
        for name in (signal.SIGCHLD, signal.SIGINT, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(name, signal.SIG_DFL)
        environment = {**request["env"], MARKER: str(number)}
        enter(request["cwd"], request["elsewhere"])
        environment["PWD"] = os.getcwd()
        for shell in ("/bin/bash", "/usr/bin/bash", "/bin/sh"):
            try:
                os.execve(shell, [shell.rpartition("/")[2], "-c", str(request["text"])], environment)
            except FileNotFoundError:
                continue
    except Exception as error:
        os.write(2, f"cannot start: {error}\n".encode("utf-8", "backslashreplace"))
    finally:
        os._exit(CANNOT_RUN)


def enter(directory: str, elsewhere: bool) -> None:
    """Makes a directory the current one; `elsewhere` takes another if that is impossible, and says which."""
    places = (directory, "/tmp", "/") if elsewhere else (directory,)
    problem = ""
    for place in places:
        try:
            os.chdir(place)
        except OSError as error:
            problem = problem or f"cannot enter {directory}: {error.strerror}"
            continue
        if problem:
            os.write(2, f"[{problem}; this command runs in {place}]\n".encode())
        return
    raise OSError(problem)


class Process:
    """One line of the process table."""

    def __init__(self, pid: int, stat: bytes) -> None:
        fields = stat[stat.rindex(b")") + 2 :].split()
        self.pid, self.gone = pid, fields[0] in (b"Z", b"X")
        self.parent, self.session = int(fields[1]), int(fields[3])
        self.key = (pid, int(fields[19]))  # with its start time, because process ids are reused


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
    """The number of the command that started a process, from its environment; 0 if that has none."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            for entry in file.read(1 << 20).split(b"\0"):
                if entry.startswith(MARKER.encode() + b"="):
                    return int(entry.partition(b"=")[2])
    except (OSError, ValueError):
        pass
    return 0


class ProcessTracker:
    """Finds the processes that each command started, even if they left its session, parents and environment."""

    def __init__(self) -> None:
        self.me = os.getpid()
        self.sessions: dict[int, int] = {}
        self.before: dict[int, set[tuple[int, int]]] = {}

    def expect(self, number: int) -> None:
        """Records the processes that run before a command starts, since they do not belong to it."""
        self.before[number] = {process.key for process in process_table().values()}

    def began(self, number: int, pid: int) -> None:
        self.sessions[pid] = number

    def ended(self, number: int) -> None:
        self.before.pop(number, None)

    def kill(self, number: int) -> None:
        """Kills all processes of a command."""
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
                except OSError:
                    pass  # gone already; outside of a sandbox it may also be somebody else's
            time.sleep(0.001)
            if time.monotonic() > end:
                # A fork bomb outruns this loop, but not kill -1, which is atomic. Only in our own namespace.
                if self.me == 1:
                    os.kill(-1, signal.SIGKILL)
                return

    def family(self, number: int, table: dict[int, Process]) -> list[Process]:
        """Living processes that a command started.

        A process belongs to the command that its environment, its session or its parents name. An orphan without
        any of these belongs to this command if it is younger and no other command runs.
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
