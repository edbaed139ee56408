"""Size limits on a command's output, and on files, which a command may have replaced by links or pipes."""

from __future__ import annotations

import errno
import os

SLACK = 1 << 16
READ_LIMIT = 64 << 20


class Clip:
    """Keeps the first and the last `limit`/2 bytes that it is fed, and counts the omitted bytes between."""

    def __init__(self, limit: int) -> None:
        self.head_limit = (limit + 1) // 2
        self.tail_limit = limit - self.head_limit
        self.head, self.tail, self.total = bytearray(), bytearray(), 0

    def feed(self, data: bytes) -> None:
        self.total += len(data)
        room = self.head_limit - len(self.head)
        if room > 0:
            self.head += data[:room]
            data = data[room:]
        self.tail += data
        if len(self.tail) > self.tail_limit + SLACK:
            del self.tail[: len(self.tail) - self.tail_limit]

    def result(self) -> tuple[bytes, int]:
        """The kept bytes, and how many were omitted in their middle."""
        tail = self.tail[max(0, len(self.tail) - self.tail_limit) :]
        return bytes(self.head + tail), self.total - len(self.head) - len(tail)


def open_regular(path: str, flags: int) -> int:
    """Opens a file, links followed. /proc is refused, because /proc/self would be that of process 1."""
    flags |= os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(os.path.realpath(path), flags, 0o644)
    found, kernel = os.fstat(handle), os.stat("/proc").st_dev
    kind = found.st_mode & 0o170000
    if kind == 0o100000 and found.st_dev != kernel:
        return handle
    os.close(handle)
    code = errno.EACCES if found.st_dev == kernel else errno.EISDIR if kind == 0o040000 else errno.EINVAL
    raise OSError(code, "not a regular file", path)


def read_file(path: str) -> bytes:
    with os.fdopen(open_regular(path, os.O_RDONLY), "rb", 0) as file:
        if os.fstat(file.fileno()).st_size > READ_LIMIT:
            raise OSError(errno.EFBIG, "too large to read", path)
        return file.read(READ_LIMIT)


def write_file(path: str, data: bytes, mode: int) -> None:
    os.makedirs(os.path.dirname(os.path.realpath(path)), exist_ok=True)
    with os.fdopen(open_regular(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb", 0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
        os.fchmod(file.fileno(), mode)
