"""The contents of commits: the harness's files by object id, its identity, and copies on disk.

Trees are read level by level with `git cat-file --batch`, so that a thousand commits take a handful of processes.
They are cached, because the object with an id never changes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ahe.errors import WorkspaceError
from ahe.harness.inventory import Stored
from ahe.harness.layout import NAMES, counts
from ahe.history.git import Git

_TREE, _LINK, _SUBMODULE = "40000", "120000", "160000"


@dataclass(frozen=True)
class Entry:
    """An entry of a git tree: its mode as git writes it, object id, and name (in a walk: whole path)."""

    mode: str
    oid: str
    path: str


class Trees:
    """Reads and caches the trees of one repository."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._root: dict[str, str] = {}
        self._trees: dict[str, tuple[Entry, ...]] = {}
        self._ids: dict[str, str] = {}

    def files(self, sha: str) -> tuple[Entry, ...]:
        """Every file of the harness at a commit, by path; other files are left out."""
        self._load([sha])
        return tuple(entry for entry in self._walk(self._root[sha], "") if counts(entry.path))

    def contents(self, sha: str) -> dict[str, Stored]:
        """The object id and text of each path of the harness at a commit; a folder has no text."""
        self._load([sha])
        entries = [e for e in self._walk(self._root[sha], "", folders=True) if counts(e.path)]
        blobs = self._objects([e.oid for e in entries if e.mode not in (_TREE, _SUBMODULE)])
        return {
            e.path: Stored(git_id=e.oid, text=blobs.get(e.oid, b"").decode("utf-8", "replace"))
            for e in entries
        }

    def harness_ids(self, shas: Iterable[str]) -> dict[str, str]:
        """Identity of the harness at each commit: 24 hexadecimal digits, a hash over its files."""
        wanted = list(dict.fromkeys(shas))
        self._load(wanted)
        for sha in wanted:
            tree = self._root[sha]
            if tree not in self._ids:
                self._ids[tree] = _identity(entry for entry in self._walk(tree, "") if counts(entry.path))
        return {sha: self._ids[self._root[sha]] for sha in wanted}

    def export(self, sha: str, into: Path) -> Path:
        """Write the harness of a commit to `into/<harness id>`, all or nothing, unless that folder exists.

        Raises `WorkspaceError` for a link or a submodule: a harness holds plain files.
        """
        target = into / self.harness_ids([sha])[sha]
        if target.is_dir():
            return target
        entries = self.files(sha)
        if odd := [entry.path for entry in entries if entry.mode in (_LINK, _SUBMODULE)]:
            raise WorkspaceError(
                f"{sha[:10]} holds {odd[0]}, a link or a submodule: a harness holds plain files"
            )
        blobs = self._objects([entry.oid for entry in entries])
        into.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(prefix=".export-", dir=into))
        try:
            _write(building, entries, blobs)
            try:
                os.replace(building, target)
            except OSError:
                if not target.is_dir():  # another process may have been first
                    raise
        finally:
            shutil.rmtree(building, ignore_errors=True)
        return target

    def _walk(self, tree: str, under: str, folders: bool = False) -> Iterable[Entry]:
        for entry in self._trees[tree]:
            path = under + entry.path
            if not under and entry.path not in NAMES:
                continue
            if entry.mode != _TREE:
                yield Entry(entry.mode, entry.oid, path)
                continue
            if folders:
                yield Entry(entry.mode, entry.oid, path)
            yield from self._walk(entry.oid, path + "/", folders)

    def _load(self, shas: Iterable[str]) -> None:
        """Read the trees of these commits that are not cached yet: one process for each level of folders."""
        new = [sha for sha in shas if sha not in self._root]
        if not new:
            return
        found = self._batch([f"{sha}^{{tree}}" for sha in new])
        level: dict[str, None] = {}
        for sha, (oid, data) in zip(new, found, strict=True):
            self._root[sha] = oid
            self._trees.setdefault(oid, _entries(data, len(oid) // 2))
            level.update((e.oid, None) for e in self._trees[oid] if e.mode == _TREE)
        while wanted := [oid for oid in level if oid not in self._trees]:
            level = {}
            for oid, (_, data) in zip(wanted, self._batch(wanted), strict=True):
                self._trees[oid] = _entries(data, len(oid) // 2)
                level.update((e.oid, None) for e in self._trees[oid] if e.mode == _TREE)

    def _objects(self, oids: list[str]) -> dict[str, bytes]:
        unique = list(dict.fromkeys(oids))
        return dict(zip(unique, (data for _, data in self._batch(unique)), strict=True))

    def _batch(self, names: list[str]) -> list[tuple[str, bytes]]:
        """(object id, content) of each object. Raises `WorkspaceError` where one is missing."""
        if not names:
            return []
        output = self._git.raw("cat-file", "--batch", stdin="\n".join([*names, ""]).encode())
        found, at = [], 0
        for name in names:
            end = output.index(b"\n", at)
            head = output[at:end].decode().split(" ")
            if len(head) != 3 or not head[2].isdigit():
                raise WorkspaceError(
                    f"{self._git.tree} has no object {name}: the history is damaged or shallow"
                )
            size = int(head[2])
            found.append((head[0], output[end + 1 : end + 1 + size]))
            at = end + 1 + size + 1
        return found


def _entries(data: bytes, width: int) -> tuple[Entry, ...]:
    """Parse a tree object: `<mode> <name> NUL <object id of width bytes>`, repeated."""
    entries, at = [], 0
    while at < len(data):
        space = data.index(b" ", at)
        end = data.index(b"\0", space)
        mode, name = data[at:space].decode(), data[space + 1 : end].decode("utf-8", "surrogateescape")
        at = end + 1 + width
        entries.append(Entry(mode, data[end + 1 : at].hex(), name))
    return tuple(entries)


def _identity(entries: Iterable[Entry]) -> str:
    digest = hashlib.sha256()
    for entry in sorted(entries, key=lambda entry: entry.path):
        digest.update(f"{entry.mode} {entry.oid}\t{entry.path}\0".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()[:24]


def _write(folder: Path, entries: Iterable[Entry], blobs: Mapping[str, bytes]) -> None:
    folder.chmod(0o755)  # mkdtemp makes it 0700, but a sandbox may run as another user
    for entry in entries:
        path = folder / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(blobs[entry.oid])
