"""An SQLite file that says what is wrong with it, and that can be read where nothing can be written.

WAL with synchronous NORMAL survives SIGKILL of the process; a power cut may lose the last transactions.
"""

import errno
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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


class Database:
    """One connection, each statement its own transaction. `readonly`: nothing can be written.

    A file that cannot be written, or that is not there and cannot be made, can be read. Every method raises
    `UsageError` that names the cause and the remedy.
    """

    readonly = False

    def __init__(self, path: Path, schema: str, version: int, patience: float) -> None:
        """Open or make the file. Another process may hold it locked for `patience` seconds.

        Raises `UsageError`, also on a file whose `user_version` is above `version`.
        """
        self.path = path
        with self.told():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._open(str(path), patience, schema, version)
                self.readonly = not os.access(path, os.W_OK)
            except (OSError, sqlite3.OperationalError) as error:
                if not _unwritable(error):
                    raise
                self.readonly = True
                self._open(self._for_reading(), patience, schema, version)

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
            name = getattr(error, "sqlite_errorname", "")
            remedy = next((text for start, text in _REMEDIES.items() if name.startswith(start)), _DAMAGED)
            raise UsageError(f"{self.path}: {remedy.format(path=self.path)} ({error})") from None
        except ValueError:
            raise UsageError(f"{self.path}: {_DAMAGED} (a row cannot be read)") from None

    def require_writable(self) -> None:
        """Raise `UsageError` if nothing can be stored, before something is paid for."""
        if self.readonly:
            raise UsageError(f"{self.path}: {_WRITE}")

    def close(self) -> None:
        self._db.close()

    def _open(self, name: str, patience: float, schema: str, version: int) -> None:
        self._db = sqlite3.connect(name, isolation_level=None, timeout=patience, uri=self.readonly)
        try:
            if not self.readonly:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA synchronous = NORMAL")
            (found,) = self._db.execute("PRAGMA user_version").fetchone()
            if found > version:
                raise UsageError(f"{self.path} was written by a newer ahe: upgrade, or use another folder")
            if found == 0:
                self._db.executescript(f"BEGIN;{schema}PRAGMA user_version = {version};COMMIT;")
            if self.readonly:
                self._db.execute("PRAGMA query_only = ON")
        except BaseException:
            self._db.close()
            raise

    def _for_reading(self) -> str:
        """SQLite's name of the file where nothing can be written beside it; of an empty one where there is none."""
        if not self.path.exists():
            return ":memory:"
        # A log is that of another process, or of a killed one: then SQLite needs the files beside the database too.
        option = "mode=ro" if os.path.exists(f"{self.path}-wal") else "immutable=1"
        return f"{self.path.resolve().as_uri()}?{option}"


def _unwritable(error: OSError | sqlite3.OperationalError) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.EROFS, errno.EACCES, errno.EPERM)
    return getattr(error, "sqlite_errorname", "").startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY"))
