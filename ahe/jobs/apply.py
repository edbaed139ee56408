"""Brings an agent's changes into the folder that a person may have changed meanwhile: a three-way merge of each file.

What both changed in the same place is left to the person. No link in the folder is followed, and no file is ever half
written: each is replaced in one step, unless it changed at the last moment.
"""

import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ahe.history.git import Git
from ahe.jobs.changes import LINK, Change, Work
from ahe.jobs.folder import MAX_BYTES

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
BOTH = "you changed it too"


class _Collision(Exception):
    """The person has the path otherwise; the text says how."""


class State(NamedTuple):
    """What is at a path: git's mode (empty: nothing), the bytes or a link's target, and what `os.stat` says."""

    mode: str = ""
    data: bytes = b""
    info: os.stat_result | None = None


@dataclass(frozen=True)
class Merge:
    """Applies changes to the folder `root`; `git` is a repository that has nothing to do with it."""

    root: Path
    work: Work
    git: Git

    def apply(self, changes: list[Change]) -> dict[str, str]:
        """Apply the changes. Returns those that were not, with the reasons. Raises `OSError` without the folder."""
        left = {}
        top = os.open(self.root, _FOLDER)
        try:
            for change in sorted(changes, key=lambda change: bool(change.new)):
                # Removals come first: a file may make room for a folder.
                try:
                    self._one(top, change)
                except _Collision as collision:
                    left[change.path] = str(collision)
                except OSError as error:
                    left[change.path] = f"it cannot be written ({error.strerror})"
        finally:
            os.close(top)
        return left

    def _one(self, top: int, change: Change) -> None:
        *folders, name = change.path.split("/")
        with _parent(top, folders, make=not change.old) as parent:
            if parent is None and change.new:
                raise _Collision("you removed its folder")
            if parent is None:
                return
            theirs = _state(parent, name)
            wanted = self._merged(change, theirs)
            if (wanted.mode, wanted.data) != (theirs.mode, theirs.data):
                _put(parent, name, theirs, wanted)
        if not change.new:
            self._tidy(top, folders)

    def _merged(self, change: Change, theirs: State) -> State:
        """What is to be there. Raises `_Collision`."""
        base = self._side(self.work.base, change, change.old)
        new = self._side(self.work.copy, change, change.new)
        if (theirs.mode, theirs.data) in ((base.mode, base.data), (new.mode, new.data)):
            return new
        if LINK in (base.mode, new.mode, theirs.mode) or not (base.mode and new.mode and theirs.mode):
            raise _Collision(
                "you removed it" if not theirs.mode else BOTH if base.mode else "you made one too"
            )
        if new.data in (base.data, theirs.data):
            data = theirs.data
        elif theirs.data == base.data:
            data = new.data
        else:
            data = self._three_way(base.data, new.data, theirs.data)
        return State(theirs.mode if new.mode == base.mode else new.mode, data, new.info)

    def _side(self, root: Path, change: Change, mode: str) -> State:
        path = root / change.path
        if not mode:
            return State()
        data = os.fsencode(os.readlink(path)) if mode == LINK else path.read_bytes()
        return State(mode, data, path.lstat())

    def _three_way(self, base: bytes, new: bytes, theirs: bytes) -> bytes:
        with tempfile.TemporaryDirectory(dir=self.git.tree) as folder:
            names = []
            for name, data in (("theirs", theirs), ("base", base), ("new", new)):
                names.append(str(Path(folder, name)))
                Path(folder, name).write_bytes(data)
            done = self.git.probe("merge-file", "--stdout", "--quiet", *names)
        if done.code:  # the number of conflicts, or 255 for what is not text
            raise _Collision(BOTH)
        return done.out

    def _tidy(self, top: int, folders: list[str]) -> None:
        """Remove the folders that the agent removed, as far as they are empty now."""
        while folders and "/".join(folders) not in self.work.after.folders:
            with suppress(OSError, _Collision), _parent(top, folders[:-1], make=False) as parent:
                if parent is not None:
                    os.rmdir(folders[-1], dir_fd=parent)
            folders = folders[:-1]


@contextmanager
def _parent(top: int, folders: list[str], *, make: bool) -> Iterator[int | None]:
    """The folder, opened part by part without following a link; None where it is missing and not to be made."""
    handle = os.dup(top)
    try:
        for number, name in enumerate(folders):
            if make:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=handle)
            try:
                inner = os.open(name, _FOLDER, dir_fd=handle)
            except FileNotFoundError:
                yield None
                return
            except NotADirectoryError:  # also for a link
                raise _Collision(f"{'/'.join(folders[: number + 1])} is not a folder here any more") from None
            os.close(handle)
            handle = inner
        yield handle
    finally:
        os.close(handle)


def _state(parent: int, name: str) -> State:
    try:
        info = os.stat(name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return State()
    if stat.S_ISLNK(info.st_mode):
        return State(LINK, os.fsencode(os.readlink(name, dir_fd=parent)), info)
    if not stat.S_ISREG(info.st_mode) or info.st_size > MAX_BYTES:
        raise _Collision("you have something else there")
    with open(_opened(parent, name), "rb") as file:
        return State("100755" if info.st_mode & stat.S_IXUSR else "100644", file.read(), info)


def _opened(parent: int, name: str) -> int:
    return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)


def _put(parent: int, name: str, theirs: State, wanted: State) -> None:
    """Replace what is there by what is wanted, in one step. Raises `_Collision` where it has just changed."""
    if not wanted.mode:
        _unchanged(parent, name, theirs)
        os.unlink(name, dir_fd=parent)
        return
    made = f".ahe-{secrets.token_hex(8)}"
    try:
        if wanted.mode == LINK:
            os.symlink(os.fsdecode(wanted.data), made, dir_fd=parent)
        else:
            _write(parent, name, made, theirs, wanted)
        _unchanged(parent, name, theirs)
        os.rename(made, name, src_dir_fd=parent, dst_dir_fd=parent)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(made, dir_fd=parent)
        raise


def _write(parent: int, name: str, made: str, theirs: State, wanted: State) -> None:
    """Write a new file with the permissions, owner and attributes of the person's own, where there was one."""
    assert wanted.info is not None
    before = theirs.info if theirs.mode not in ("", LINK) else None
    mode = 0o600 | stat.S_IMODE(before.st_mode if before else wanted.info.st_mode) & 0o777
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(made, flags, mode, dir_fd=parent), "wb") as file:
        file.write(wanted.data)
        file.flush()
        if before:
            with suppress(OSError):
                os.fchown(file.fileno(), before.st_uid, before.st_gid)
            _copy_attributes(parent, name, file.fileno())
            runs = (mode & 0o444) >> 2
            os.fchmod(file.fileno(), mode | runs if wanted.mode == "100755" else mode & ~0o111)
        os.fsync(file.fileno())


def _copy_attributes(parent: int, name: str, new: int) -> None:
    """Access lists and a person's own attributes; not capabilities, with which new content would run as root."""
    with suppress(OSError), open(_opened(parent, name), "rb") as old:
        for key in os.listxattr(old.fileno()):
            if key.startswith(("user.", "system.posix_acl_")):
                os.setxattr(new, key, os.getxattr(old.fileno(), key))


def _unchanged(parent: int, name: str, theirs: State) -> None:
    now = _state(parent, name)
    if (now.mode, now.data) != (theirs.mode, theirs.data):
        raise _Collision(BOTH)
