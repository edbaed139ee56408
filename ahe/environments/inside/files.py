"""Reading and writing files where commands that nobody trusts may have put links, pipes or devices."""

from __future__ import annotations

import errno
import os

READ_LIMIT = 64 << 20


def resolve(path: str) -> str:
    """A path with its links followed. The kernel's files are refused: they would be process 1's own."""
    real = os.path.realpath(path)
    if real == "/proc" or real.startswith("/proc/"):
        raise OSError(errno.EACCES, "a file of the kernel", path)
    return real


def open_regular(path: str, flags: int) -> int:
    handle = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC, 0o644)
    mode = os.fstat(handle).st_mode & 0o170000
    if mode != 0o100000:
        os.close(handle)
        raise OSError(errno.EISDIR if mode == 0o040000 else errno.EINVAL, "not a regular file", path)
    return handle


def read_file(path: str) -> bytes:
    with os.fdopen(open_regular(resolve(path), os.O_RDONLY), "rb", 0) as file:
        if os.fstat(file.fileno()).st_size > READ_LIMIT:
            raise OSError(errno.EFBIG, "too large to read", path)
        return file.read(READ_LIMIT)


def write_file(path: str, data: bytes, mode: int) -> None:
    real = resolve(path)
    os.makedirs(os.path.dirname(real), exist_ok=True)
    with os.fdopen(open_regular(real, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "wb", 0) as file:
        rest = memoryview(data)
        while rest:
            rest = rest[file.write(rest) :]
        os.fchmod(file.fileno(), mode)
