"""Turns a forked child of process 1 into the command that was asked for."""

from __future__ import annotations

# `signal` itself would pull in enum, and cost 5 ms of CPU at each start.
import _signal as signal  # type: ignore[import-not-found]
import os

from ahe.environments.inside.processes import MARKER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

CANNOT_RUN = 126


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
                os.execve(shell, [shell.rpartition("/")[2], "-c", str(request["command"])], environment)
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
