"""Copies folders that a sandboxed process may still be changing: by descriptor, never through a link, within limits."""

import itertools
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
CHUNK = 1 << 20
KINDS = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFLNK: "a link"}


class TreeLimits(NamedTuple):
    """The most bytes in all files together, entries in all folders together, and depth of folders."""

    bytes: int = 64 << 20
    entries: int = 4_000
    depth: int = 20


USUAL = TreeLimits()


def copy_tree(source: Path, target: Path, limits: TreeLimits = USUAL, *, links: bool = False) -> list[str]:
    """Copies what is in the folder `source` into the folder `target`, which is made if it is missing.

    Files keep whether they are executable. Nothing is read or written through a symbolic link, even if processes change
    both folders meanwhile; `links` copies links as links. Returns what was left out, a line each with the reason: links
    (else), pipes, sockets, devices, what cannot be read, what is over the limits. Raises OSError if `source` is not a
    folder, or if `target` cannot be written.
    """
    target.mkdir(parents=True, exist_ok=True)
    copy = _Copy(limits, links)
    with (
        _entry(source, None) as (handle, _),
        _descriptor(_reopened(handle, FOLDER)) as old,
        _descriptor(os.open(target, FOLDER)) as new,
    ):
        copy.folder(old, new, "", limits.depth)
    return copy.left_out


def remove_tree(folder: Path) -> None:
    """Removes a folder tree if it is there, even if a process made it unreadable, or too deep for Python's recursion.

    Raises OSError if it cannot be removed.
    """
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        return
    except (OSError, RecursionError):
        for command in (["chmod", "-R", "u+rwX"], ["rm", "-rf"]):
            subprocess.run([*command, "--", str(folder)], stdin=subprocess.DEVNULL, capture_output=True)
    if folder.exists():
        raise OSError(f"cannot remove {folder}: remove it manually")


class _Copy:
    def __init__(self, limits: TreeLimits, links: bool) -> None:
        self.bytes, self.entries, self.links = limits.bytes, limits.entries, links
        self.left_out: list[str] = []

    def folder(self, old: int, new: int, place: str, depth: int) -> None:
        with os.scandir(old) as entries:
            names = sorted(entry.name for entry in itertools.islice(entries, self.entries + 1))
        if len(names) > self.entries:
            names = names[: self.entries]
            self.left_out.append(f"{_shown(place) or 'the folder'}: too many files, the rest is left out")
        self.entries -= len(names)
        for name in names:
            path = f"{place}{name}"
            try:
                with _entry(name, old) as (handle, mode):
                    reason = self.entry(handle, mode, name, new, path, depth)
            except _Unreadable as error:
                reason = str(error)
            if reason:
                self.left_out.append(f"{_shown(path)}: {reason}")

    def entry(self, handle: int, mode: int, name: str, new: int, path: str, depth: int) -> str:
        """Copies one entry. Returns why it was left out, empty if it was not."""
        if stat.S_ISDIR(mode):
            if not depth:
                return "too many folders in each other"
            with _descriptor(_reopened(handle, FOLDER)) as old:
                os.mkdir(name, dir_fd=new)
                with _descriptor(os.open(name, FOLDER, dir_fd=new)) as made:
                    self.folder(old, made, f"{path}/", depth - 1)
            return ""
        if stat.S_ISREG(mode):
            with _descriptor(_reopened(handle, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)) as old:
                return self.file(old, 0o755 if mode & 0o111 else 0o644, name, new)
        if stat.S_ISLNK(mode) and self.links:
            os.symlink(os.readlink("", dir_fd=handle), name, dir_fd=new)
            return ""
        return KINDS.get(stat.S_IFMT(mode), "a device")

    def file(self, old: int, mode: int, name: str, new: int) -> str:
        made = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=new)
        with _descriptor(made):
            os.fchmod(made, mode)
            # Asked first: without that a sparse file would be copied up to the limit.
            if os.fstat(old).st_size <= self.bytes:
                while data := os.read(old, min(CHUNK, self.bytes + 1)):
                    self.bytes -= len(data)
                    if self.bytes < 0:
                        break
                    while data:
                        data = data[os.write(made, data) :]
                else:
                    return ""
        self.bytes = max(self.bytes, 0)
        os.unlink(name, dir_fd=new)
        return "too large"


class _Unreadable(OSError):
    """An entry of the source that cannot be opened."""


@contextmanager
def _entry(name: str | Path, folder: int | None) -> Iterator[tuple[int, int]]:
    """A descriptor (O_PATH) that follows no link and reads nothing, with the entry's mode, which can be relied on."""
    try:
        handle = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        if folder is None:
            raise
        raise _Unreadable(f"it cannot be opened ({error.strerror})") from error
    with _descriptor(handle):
        yield handle, os.fstat(handle).st_mode


def _reopened(handle: int, flags: int) -> int:
    """The entry of an O_PATH descriptor, opened. A process inside may have taken the permission to read it away."""
    path = f"/proc/self/fd/{handle}"
    flags &= ~os.O_NOFOLLOW  # the path itself is a link of the kernel to this very entry
    try:
        try:
            return os.open(path, flags)
        except PermissionError:
            mode = os.fstat(handle).st_mode
            os.chmod(path, stat.S_IMODE(mode) | (0o700 if stat.S_ISDIR(mode) else 0o600))
            return os.open(path, flags)
    except OSError as error:
        raise _Unreadable(f"it cannot be opened ({error.strerror})") from error


@contextmanager
def _descriptor(handle: int) -> Iterator[int]:
    try:
        yield handle
    finally:
        os.close(handle)


def _shown(path: str) -> str:
    return path if path.isprintable() and len(path) < 200 else ascii(path)[:200]
