"""Files in and out of a container, through the daemon: nothing inside has a hand in it."""

from __future__ import annotations

import errno
import io
import os
import posixpath
import tarfile
from collections.abc import Iterator
from typing import Any

from ahe.environments.inside.files import READ_LIMIT

LINKS = 20


def read(container: Any, path: str) -> bytes:
    """Content of a regular file, links followed. Raises FileNotFoundError and other OSErrors."""
    from docker.errors import NotFound

    for _ in range(LINKS):
        try:
            pieces, _ = container.get_archive(path)
        except NotFound:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
        with tarfile.open(fileobj=_Pieces(pieces), mode="r|") as tar:
            entry = tar.next()
            if entry is None or entry.isdir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
            if not entry.issym():
                return _content(tar, entry, path)
        path = posixpath.normpath(posixpath.join(posixpath.dirname(path), entry.linkname))
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def archive_of_file(name: str, data: bytes, mode: int) -> bytes:
    """A tar archive with one file in it."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(data), mode
        tar.addfile(entry, io.BytesIO(data))
    return archive.getvalue()


def archive_of_folder(folder: str) -> bytes:
    """A tar archive with a host folder's content, owned by root."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(folder, arcname=".", filter=_owned_by_root)
    return archive.getvalue()


def put(container: Any, folder: str, archive: bytes) -> None:
    """Unpacks an archive in a folder of the container.

    Raises FileNotFoundError where there is none, NotADirectoryError where something else is in the way.
    """
    from docker.errors import APIError, NotFound

    try:
        container.put_archive(folder, archive)
    except NotFound:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), folder) from None
    except APIError as error:
        # A file where a folder must be, or the other way round: older daemons call that their own error.
        if error.is_client_error() or "directory" in str(error.explanation):
            raise NotADirectoryError(errno.ENOTDIR, str(error.explanation), folder) from error
        raise


class _Pieces(io.RawIOBase):
    """A stream of bytes objects as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._held = pieces, b""

    def read(self, size: int = -1) -> bytes:
        while len(self._held) < size:
            piece = next(self._pieces, b"")
            if not piece:
                break
            self._held += piece
        data, self._held = self._held[:size], self._held[size:]
        return data


def _content(tar: tarfile.TarFile, entry: tarfile.TarInfo, path: str) -> bytes:
    if not entry.isreg():
        raise OSError(errno.EINVAL, "not a regular file", path)
    if entry.size > READ_LIMIT:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), path)
    file = tar.extractfile(entry)
    return file.read() if file else b""


def _owned_by_root(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry
