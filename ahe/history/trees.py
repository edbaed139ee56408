"""The contents of commits: the harness's files by object id, its identity, and copies on disk."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from ahe.errors import WorkspaceError
from ahe.harness.inventory import Stored
from ahe.harness.layout import counts
from ahe.history.git import Git

_TREE, _LINK, _SUBMODULE = "040000", "120000", "160000"


class Entry(NamedTuple):
    """A file or folder of a commit: its mode as git writes it, object id, and path."""

    mode: str
    oid: str
    path: str


class Trees:
    """Reads the trees of one repository. What a commit holds never changes, so that it is read once."""

    def __init__(self, git: Git) -> None:
        self._repository = git
        self._known: dict[str, tuple[Entry, ...]] = {}

    @property
    def _git(self) -> Git:
        return self._repository

    def contents(self, sha: str) -> dict[str, Stored]:
        """The object id and text of each path of the harness at a commit; a folder has no text."""
        entries = self._entries(sha)
        blobs = self._objects(e.oid for e in entries if e.mode not in (_TREE, _SUBMODULE))
        return {
            e.path: Stored(git_id=e.oid, text=blobs.get(e.oid, b"").decode("utf-8", "replace"))
            for e in entries
        }

    def harness_id(self, sha: str) -> str:
        """Identity of the harness at a commit: equal if the seven mounts and `harness.toml` are equal.

        24 hexadecimal digits, a hash over the files.
        """
        digest = hashlib.sha256()
        for entry in sorted(self._files(sha), key=lambda entry: entry.path):
            digest.update(f"{entry.mode} {entry.oid}\t{entry.path}\0".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()[:24]

    def export(self, sha: str, into: Path) -> Path:
        """Write the harness of a commit to `into/<harness id>`, all or nothing, unless that folder exists.

        Raises `WorkspaceError` for a link or a submodule: a harness holds plain files.
        """
        target = into / self.harness_id(sha)
        if target.is_dir():
            return target
        entries = self._files(sha)
        if odd := [entry.path for entry in entries if entry.mode in (_LINK, _SUBMODULE)]:
            raise WorkspaceError(
                f"{sha[:10]} holds {odd[0]}, a link or a submodule: a harness holds plain files"
            )
        blobs = self._objects(entry.oid for entry in entries)
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

    def _files(self, sha: str) -> tuple[Entry, ...]:
        return tuple(entry for entry in self._entries(sha) if entry.mode != _TREE)

    def _entries(self, sha: str) -> tuple[Entry, ...]:
        if sha not in self._known:
            try:
                listed = self._git.raw("ls-tree", "-r", "-t", "-z", sha)
            except WorkspaceError as error:
                raise WorkspaceError(
                    f"{self._git.tree} has no object {sha}: the history is damaged or shallow ({error})"
                ) from error
            found = []
            for line in listed.decode("utf-8", "surrogateescape").split("\0")[:-1]:
                about, _, path = line.partition("\t")
                mode, _, oid = about.split(" ")
                if counts(path):
                    found.append(Entry(mode, oid, path))
            self._known[sha] = tuple(found)
        return self._known[sha]

    def _objects(self, oids: Iterable[str]) -> dict[str, bytes]:
        """The content of each object. Raises `WorkspaceError` where one is missing."""
        found: dict[str, bytes] = {}
        if not (names := list(dict.fromkeys(oids))):
            return found
        output = self._git.raw("cat-file", "--batch", stdin="\n".join([*names, ""]).encode())
        at = 0
        for name in names:
            end = output.index(b"\n", at)
            *_, size = output[at:end].decode().split(" ")
            if not size.isdigit():
                raise WorkspaceError(
                    f"{self._git.tree} has no object {name}: the history is damaged or shallow"
                )
            found[name] = output[end + 1 : end + 1 + int(size)]
            at = end + 1 + int(size) + 1
        return found


def _write(folder: Path, entries: Iterable[Entry], blobs: Mapping[str, bytes]) -> None:
    folder.chmod(0o755)  # mkdtemp makes it 0700, but a sandbox may run as another user
    for entry in entries:
        path = folder / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(blobs[entry.oid])
