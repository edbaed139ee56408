"""An SQLite file that says what is wrong with it, and that can be read where nothing can be written.

WAL with synchronous NORMAL survives SIGKILL of the process; a power cut may lose the last transactions.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ahe.errors import UsageError

_DAMAGED = "it is damaged: bring back a copy of it, or move it away, and the next command starts a new one"
_WRITE = "it cannot be written: run `ahe` as the user whose it is, or make the folder writable"
_REMEDIES = {
    "SQLITE_BUSY": "another process keeps it locked: wait for it or end it (`fuser {path}` names it)",
    "SQLITE_CANTOPEN": _WRITE,
    "SQLITE_FULL": "no space is left on the disk: make room and run the same command again",
    "SQLITE_IOERR": "the disk fails or is full: make room and run the same command again",
    "SQLITE_READONLY": _WRITE,
}
"""What to do, by how SQLite's name of the error begins; the file is damaged after any other."""
_NO_WRITING = ("SQLITE_CANTOPEN", "SQLITE_READONLY")


class Database:
    """One connection, each statement its own transaction. `readonly`: nothing can be written.

    A file that cannot be written, or that is not there and cannot be made, can be read. Every method raises
    `UsageError` that names the cause and the remedy.
    """

    def __init__(self, path: Path, schema: str, version: int, patience: float) -> None:
        """Open or make the file. Another process may hold it locked for `patience` seconds.

        Raises `UsageError`, also on a file whose `user_version` is above `version`.
        """
        self.path, self._patience, self._closing = path, patience, ExitStack()
        try:
            with self.told():
                self._open(schema, version)
        except BaseException:
            self.close()
            raise

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Execute a statement. Returns all its rows."""
        with self.told():
            return self._db.execute(sql, values).fetchall()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Errors of the file, and of values in it that are not what they should be, as `UsageError`."""
        try:
            yield
        except sqlite3.Error as error:
            remedy = next((text for name, text in _REMEDIES.items() if _named(error, name)), _DAMAGED)
            raise UsageError(f"{self.path}: {remedy.format(path=self.path)} ({error})") from None
        except ValueError:
            raise UsageError(f"{self.path}: {_DAMAGED} (a row cannot be read)") from None

    def require_writable(self) -> None:
        """Raise `UsageError` if nothing can be stored, before something is paid for."""
        if self.readonly:
            raise UsageError(f"{self.path}: {_WRITE}")

    def close(self) -> None:
        self._closing.close()

    def _open(self, schema: str, version: int) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._db = self._connect(str(self.path))
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._migrate(schema, version)
            self.readonly = not os.access(self.path, os.W_OK)
        except (OSError, sqlite3.OperationalError) as error:
            if not _unwritable(error):
                raise
            self._db, self.readonly = self._for_reading(), True
            self._migrate(schema, version)
            self._db.execute("PRAGMA query_only = ON")

    def _connect(self, name: str, uri: bool = False) -> sqlite3.Connection:
        db = sqlite3.connect(name, isolation_level=None, timeout=self._patience, uri=uri)
        self._closing.callback(db.close)
        return db

    def _for_reading(self) -> sqlite3.Connection:
        """The file where nothing can be written beside it; an empty one where there is none."""
        if not self.path.exists():
            return self._connect(":memory:")
        try:
            db = self._connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)
            db.execute("SELECT 1 FROM sqlite_master")
            return db
        except sqlite3.OperationalError as error:
            if not _unwritable(error):
                raise
        log = Path(f"{self.path}-wal")
        if not log.is_file() or not log.stat().st_size:
            return self._connect(f"{self.path.resolve().as_uri()}?immutable=1", uri=True)
        # A killed process left transactions in the log, which takes a writable folder to read.
        copy = Path(self._closing.enter_context(tempfile.TemporaryDirectory()))
        for file in (self.path, log):
            shutil.copyfile(file, copy / file.name)
        return self._connect(str(copy / self.path.name))

    def _migrate(self, schema: str, version: int) -> None:
        (found,) = self._db.execute("PRAGMA user_version").fetchone()
        if found > version:
            raise UsageError(f"{self.path} was written by a newer ahe: upgrade, or use another folder")
        if found == 0:
            self._db.executescript(f"BEGIN;{schema}PRAGMA user_version = {version};COMMIT;")


def _named(error: BaseException, *names: str) -> bool:
    return getattr(error, "sqlite_errorname", "").startswith(names)


def _unwritable(error: BaseException) -> bool:
    return _named(error, *_NO_WRITING) or (
        isinstance(error, OSError) and error.errno in (errno.EROFS, errno.EACCES, errno.EPERM)
    )
