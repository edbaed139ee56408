"""The files of a task: one walk gives its digest and the texts that reading needs."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from ahe.errors import TaskError

SINGLE = frozenset({"task.toml", "instruction.md", "README.md", "trajectory.json"})
FOLDERS = frozenset({"environment", "tests", "solution", "steps"})
KEPT = frozenset({"task.toml", "instruction.md", "environment/Dockerfile"})
JUNK = (".pyc", ".swp", ".swo", "~")


@dataclass
class TaskFiles:
    """What one walk over a task's folder found.

    `hashes` maps a relative path to the sha256 of its content; `kept` holds the bytes of the few files
    that reading a task needs.
    """

    root: str
    hashes: dict[str, str] = field(default_factory=dict)
    kept: dict[str, bytes] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """sha256 over the sorted lines "{path}\\0{sha256 of content}\\n", which is Harbor's digest.

        The rest of the folder (notes, caches, editor files) is no part of the task. A link to a folder
        or to nothing is hashed by its text; Harbor leaves those out.
        """
        lines = (f"{path}\0{value}\n" for path, value in sorted(self.hashes.items()))
        return hashlib.sha256("".join(lines).encode()).hexdigest()

    def text(self, path: str) -> str:
        """A kept file as text. Raises `TaskError` where it is not UTF-8."""
        try:
            return self.kept[path].decode("utf-8")
        except UnicodeDecodeError as error:
            raise TaskError(f"{self.root}/{path} is not UTF-8 text") from error

    def under(self, folder: str) -> bool:
        """Whether `folder` holds a file."""
        return any(path.startswith(folder + "/") for path in self.hashes)


def walk(root: Path) -> TaskFiles:
    """Read every file that is part of the task in `root`.

    Raises `TaskError` for what can be no part of a task: sockets, pipes, unreadable files, and links
    outside `environment/` that lead to anything but a file of the task.
    """
    found = TaskFiles(str(root))
    try:
        with os.scandir(root) as entries:
            for entry in entries:
                if entry.name in FOLDERS and entry.is_dir():
                    _folder(found, entry.name)
                elif entry.name in SINGLE:
                    _file(found, entry, entry.name)
    except OSError as error:
        raise TaskError(f"the task {root} cannot be read: {error}") from error
    return found


def _folder(found: TaskFiles, folder: str) -> None:
    with os.scandir(f"{found.root}/{folder}") as entries:
        for entry in entries:
            name = entry.name
            if name.endswith(JUNK) or name in ("__pycache__", ".DS_Store"):
                continue
            if entry.is_dir(follow_symlinks=False):
                _folder(found, f"{folder}/{name}")
            else:
                _file(found, entry, f"{folder}/{name}")


def _file(found: TaskFiles, entry: os.DirEntry[str], path: str) -> None:
    if entry.is_symlink():
        inside = os.path.realpath(entry.path).startswith(os.path.realpath(found.root) + os.sep)
        whole = inside and entry.is_file()
        if not whole and not path.startswith("environment/"):
            raise TaskError(f"{entry.path} is no link to a file of the task: put the file itself there")
        if not whole:
            # In an environment such a link is content of its own, so what counts is where it points.
            found.hashes[path] = hashlib.sha256(os.fsencode(os.readlink(entry.path))).hexdigest()
            return
    elif not entry.is_file():
        raise TaskError(f"{entry.path} is neither a file nor a folder: remove it from the task")
    if path in KEPT:
        with open(entry.path, "rb", buffering=0) as file:
            content = found.kept[path] = file.read()
        found.hashes[path] = hashlib.sha256(content).hexdigest()
    else:
        found.hashes[path] = _sha256(entry.path)


def _sha256(path: str) -> str:
    with open(path, "rb", buffering=0) as file:
        content = file.read(1 << 20)
        total = hashlib.sha256(content)
        while len(content) == 1 << 20:
            content = file.read(1 << 20)
            total.update(content)
    return total.hexdigest()
