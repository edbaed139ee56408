"""Process 1 of a sandbox: runs commands, reads and writes files, as the host asks through its pipes.

It uses the standard library only. The host sends this code through stdin, so that the sandbox has no file of
`ahe`. As process 1 it cannot be killed from inside, and all other processes end with it. It answers every
request, with an error if need be, because what the commands do must not end it.

Requests are marshalled dicts after a 4-byte length (the host is trusted and runs the same Python). Replies
have a fixed header (`HEADER`), because the host must not unmarshal anything that comes out of a sandbox.
"""

from __future__ import annotations

# `signal`, `json` and `typing` would pull in enum and re: 5 to 8 ms of CPU at each start.
import _signal as signal  # type: ignore[import-not-found]
import ctypes
import errno
import marshal
import os
import select
import struct
import time

from ahe.environments.inside.data import Clip, read_file, write_file
from ahe.environments.inside.processes import ProcessTracker, exec_command

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

HEADER = struct.Struct(">IBiQI")  # request id, kind, exit code or errno, bytes omitted, length of the payload
DONE, TIMED_OUT, DATA, FAILED = range(4)
LONGEST = 1_000_000.0  # seconds: more milliseconds than poll() takes are an error
FIRST_TO_KILL = b"1000"  # the highest score for the kernel when memory runs out
CHUNK = 1 << 16
PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 4, 36


class Running:
    """A running command."""

    def __init__(self, number: int, pid: int, reader: int, request: dict[str, Any]) -> None:
        self.number, self.pid, self.reader = number, pid, reader
        self.clip = Clip(int(request["output_limit"]))
        self.deadline = time.monotonic() + min(float(request["timeout"]), LONGEST)


class Server:
    """Serves requests until stdin ends. One thread, one poll."""

    def __init__(self, score: int) -> None:
        self.processes = ProcessTracker()
        self.score, self.own_score = score, os.pread(score, 16, 0) if score >= 0 else b""
        self.poll = select.poll()
        self.running: dict[int, Running] = {}
        self.readers: dict[int, Running] = {}

    def serve(self) -> None:
        wake, signalled = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(signalled, False)
        signal.set_wakeup_fd(signalled, warn_on_full_buffer=False)
        # Ignored, because Python's own handler would let a process inside interrupt process 1.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for source in (0, wake):
            self.poll.register(source, select.POLLIN)
        self.reply(0, DATA, 0, b"")
        while True:
            try:
                self.turn(wake)
            except Exception:
                continue  # no descriptor or no memory is left, perhaps: the next turn may have some again

    def turn(self, wake: int) -> None:
        for source, _ in self.poll.poll(self.milliseconds_left()):
            if source == 0:
                self.take_request()
            elif source == wake:
                os.read(wake, CHUNK)
            elif source in self.readers:
                self.pump(source)
        self.reap()
        now = time.monotonic()
        for run in [run for run in self.running.values() if run.deadline <= now]:
            self.cut(run)

    def milliseconds_left(self) -> float | None:
        """Milliseconds until the next deadline; None without one."""
        if not self.running:
            return None
        return max(0.0, 1000 * (min(run.deadline for run in self.running.values()) - time.monotonic()))

    def take_request(self) -> None:
        try:
            request = marshal.loads(read_exactly(int.from_bytes(read_exactly(4), "big")))
        except EOFError:
            self.end()
        number = request["id"]
        try:
            if request["op"] == "exec":
                self.execute(number, request)
            elif request["op"] == "cancel":
                for run in [run for run in self.running.values() if run.number == request["target"]]:
                    self.cut(run)
            elif request["op"] == "read":
                self.reply(number, DATA, 0, read_file(request["path"]))
            elif request["op"] == "write":
                write_file(request["path"], request["data"], request["mode"])
                self.reply(number, DATA, 0, b"")
        except OSError as error:
            self.reply(number, FAILED, error.errno or errno.EIO, b"")
        except MemoryError:
            self.reply(number, FAILED, errno.ENOMEM, b"")
        except Exception:  # a zero byte in a path, or half a character
            self.reply(number, FAILED, errno.EINVAL, b"")

    def reply(self, number: int, kind: int, code: int, payload: bytes, omitted: int = 0) -> None:
        for part in (HEADER.pack(number, kind, code, omitted, len(payload)), payload):
            data = memoryview(part)
            while data:
                data = data[os.write(1, data) :]

    def execute(self, number: int, request: dict[str, Any]) -> None:
        self.processes.expect(number)
        reader, writer = os.pipe()
        try:
            pid = self.fork()
        except OSError:
            os.close(reader)
            os.close(writer)
            self.processes.ended(number)
            raise
        if pid == 0:
            exec_command(request, number, writer)
        os.close(writer)
        os.set_blocking(reader, False)
        run = Running(number, pid, reader, request)
        self.processes.began(number, pid)
        self.running[pid] = self.readers[reader] = run
        self.poll.register(reader, select.POLLIN)

    def fork(self) -> int:
        """Forks. Of all processes inside only this one has a low score: the kernel kills the others before it."""
        if self.score >= 0:
            os.pwrite(self.score, FIRST_TO_KILL, 0)
        try:
            return os.fork()
        finally:
            if self.score >= 0:
                os.pwrite(self.score, self.own_score, 0)

    def pump(self, reader: int) -> bool:
        """Reads a command's output; True if there may be more.

        The pipe is read on after the command has ended, its data dropped, so that a background process neither
        blocks nor dies of SIGPIPE.
        """
        try:
            data = os.read(reader, CHUNK)
        except BlockingIOError:
            return False
        if data:
            self.readers[reader].clip.feed(data)
            return True
        self.poll.unregister(reader)
        os.close(reader)
        del self.readers[reader]
        return False

    def reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            run = self.running.get(pid)
            if run:
                code = os.waitstatus_to_exitcode(status)
                self.finish(run, DONE, code if code >= 0 else 128 - code)

    def finish(self, run: Running, kind: int, code: int) -> None:
        del self.running[run.pid]
        # Read what is left in the pipe, but not without end: background processes may write forever.
        for _ in range(32):
            if run.reader not in self.readers or not self.pump(run.reader):
                break
        output, omitted = run.clip.result()
        run.clip = Clip(0)
        self.processes.ended(run.number)
        self.reply(run.number, kind, code, output, omitted)

    def cut(self, run: Running) -> None:
        """Kills all processes of a command, then reports it as timed out."""
        try:
            self.processes.kill(run.number)
        except OSError:
            if self.processes.me == 1:
                os.kill(-1, signal.SIGKILL)  # without a free descriptor nobody can be looked up
        if run.pid in self.running:
            self.finish(run, TIMED_OUT, 124)

    def end(self) -> NoReturn:
        """Exits. All processes of a namespace end with process 1; outside a namespace they are killed here."""
        if self.processes.me != 1:
            self.processes.kill_all(self.processes.descendants)
        os._exit(0)


def read_exactly(size: int) -> bytearray:
    data = bytearray()
    while len(data) < size:
        piece = os.read(0, size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def main(score: int = -1) -> None:
    """Serves until the host goes away. Does not return.

    `score` is this process's file /proc/self/oom_score_adj, opened by the host: inside, /proc is read-only.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    # No process inside may trace this one or open its files through /proc.
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    Server(score).serve()
