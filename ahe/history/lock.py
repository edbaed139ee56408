"""Only one `ahe` writes to a workspace, and the next one learns whether the last one died in the middle.

The lock is a `flock` on `.git/ahe.lock`. Every git process that we start inherits it, so it is free only
when they have ended too. While work is under way the file says what is being done; a lock that is
free and yet says so was left by a process that was killed.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from ahe.errors import WorkspaceError
from ahe.records import Record

NAME = "ahe.lock"


class Intent(Record):
    """What the holder of the lock is doing. `target` is set while `branch` moves there from `start`."""

    pid: int
    began: float
    branch: str = ""
    start: str = ""
    target: str = ""


class Lock:
    """The lock of one workspace; it may be taken again by the holder.

    `mend` is called with what a killed holder was doing, when the lock is taken after it; raising
    from there leaves the traces as they were.
    """

    def __init__(self, folder: Path, mend: Callable[[Intent], None], patience: float = 5.0) -> None:
        self._path = folder / NAME
        self._mend = mend
        self._patience = patience
        self._depth = 0
        self._file = -1
        self._cut_off = False

    @property
    def descriptors(self) -> tuple[int, ...]:
        """What a git process must inherit to keep the lock."""
        return (self._file,) if self._depth else ()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock. Raises `WorkspaceError` when another `ahe` keeps it beyond `patience`."""
        if not self._depth:
            self._take()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                if not self._cut_off:
                    self._say(b"")
                os.close(self._file)

    @contextmanager
    def moving(self, branch: str, start: str, target: str) -> Iterator[None]:
        """Hold the lock and say that `branch` moves from `start` to `target`, until that is done.

        A move that ends in an exception (Ctrl-C, a full disk) is left for the next holder to mend.
        """
        with self.held():
            self._announce(
                Intent(pid=os.getpid(), began=time.time(), branch=branch, start=start, target=target)
            )
            self._cut_off = True
            yield
            self._cut_off = False
            self._announce(Intent(pid=os.getpid(), began=time.time()))

    def _take(self) -> None:
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise WorkspaceError(f"cannot write to {self._path.parent}: {error.strerror}") from None
        try:
            self._wait()
            left = self._read()
            self._depth = 1  # so that the commands which mend inherit the lock
            try:
                if left is not None:
                    self._mend(left)
            finally:
                self._depth = 0
        except BaseException:
            os.close(self._file)
            raise
        self._cut_off = False
        self._announce(Intent(pid=os.getpid(), began=time.time()))

    def _wait(self) -> None:
        until = time.monotonic() + self._patience
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > until:
                    left = self._read()
                    who = f" (process {left.pid})" if left else ""
                    raise WorkspaceError(
                        f"another ahe{who} is at work in this workspace: wait for it, or stop it"
                    ) from None
            time.sleep(0.02)

    def _read(self) -> Intent | None:
        text = os.pread(self._file, 65_536, 0)
        if not text.strip():
            return None
        try:
            return Intent.model_validate_json(text)
        except ValidationError:
            return Intent(pid=0, began=self._path.stat().st_mtime)

    def _announce(self, intent: Intent) -> None:
        self._say(intent.model_dump_json().encode())

    def _say(self, text: bytes) -> None:
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text, 0)
