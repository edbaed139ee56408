"""What an agent changed in its copy of a folder: compared with the copy that it got, and as a diff that git takes.

The agent's copy is not to be trusted: what points out of the folder is held back, and what git would run code from.
"""

from __future__ import annotations

import filecmp
import os
import shutil
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

from ahe.history.git import Git
from ahe.jobs.folder import Listing, above, listing, names_git, plain
from ahe.jobs.ignored import Ignoring

LINK = "120000"
MAX_SIZE = 50_000_000
"""Bytes of a changed file; a larger one is held back."""
MAX_TOTAL = 100_000_000
"""Bytes of all changed files, before and after, and of their paths."""
_PARTS = ("head", "commondir", "config", "config.worktree", "hooks", "info", "objects", "packed-refs", "refs")
"""Of a git directory, as `plain`. Git obeys the config of any folder that has HEAD, objects and refs."""


class Change(NamedTuple):
    """A path that the agent changed, with git's mode before and after; empty where there is no file."""

    path: str
    old: str
    new: str


@dataclass(frozen=True)
class Work:
    """A folder as the agent got it (`base`) and what it made of it (`copy`), with what was in them."""

    base: Path
    copy: Path
    before: Listing
    after: Listing

    @classmethod
    def look(cls, base: Path, copy: Path, before: Listing, ignoring: Ignoring | None) -> Work:
        """Look at a copy after the agent has ended. What it made and git ignores is left out, unless all is wanted."""
        after = listing(copy, ours=True)
        if ".git" in before.folders and (copy / ".git").is_dir() and not (copy / ".git").is_symlink():
            after.left_out.pop(".git", None)
        own = {path: info for path, info in before.files.items() if not path.startswith(".git/")}
        before = Listing(own, before.folders, before.left_out)
        if ignoring is not None:
            made = {
                p for path in after.files if path not in own for p in above(path) if p not in before.folders
            }
            after.left_out |= ignoring.among(p if p in after.files else f"{p}/" for p in sorted(made))
        return cls(base, copy, before, after)

    def changes(self) -> tuple[list[Change], dict[str, str]]:
        """The changes that may be applied, and what is held back, with the reasons."""
        old, new = self.before.files, self.after.files
        every = (Change(path, _mode(old.get(path)), _mode(new.get(path))) for path in sorted({*old, *new}))
        found = [change for change in every if change.old != change.new or not self._same(change.path)]
        held, room = dict(self.after.left_out), MAX_TOTAL
        for change in found:
            if place := self.before.cover(change.path):
                held[place] = self.before.left_out[place]
            elif place := next((p for p in [*above(change.path)][1:] if self._was_link(p)), ""):
                held[place] = "a link would become a folder"
            elif why := self._unfit(change):
                held[change.path] = why
            elif (size := sum(self._sizes(change.path)) + 4 * len(change.path)) > room:
                held[change.path] = f"more than {MAX_TOTAL / 1e6:.0f} MB were changed in all"
            else:
                room -= size
        held = {path: why for path, why in held.items() if not any(p in held for p in [*above(path)][1:])}
        covered = Listing(left_out=held)
        return [change for change in found if not covered.cover(change.path)], held

    def _same(self, path: str) -> bool:
        one, two = self.base / path, self.copy / path
        if one.is_symlink():
            return os.readlink(one) == os.readlink(two)
        return filecmp.cmp(one, two, shallow=False)

    def _unfit(self, change: Change) -> str:
        """Why a change is not applied; empty where it may be."""
        path, place = change.path, os.path.dirname(change.path)
        if change.new == LINK:
            return self._unfit_link(path)
        if (size := max(self._sizes(path))) > MAX_SIZE:
            return f"it has {size / 1e6:.0f} MB"
        for folder in ([*above(place)] if place else []) + [""]:
            name = path[len(folder) :].lstrip("/").partition("/")[0]
            if plain(name) in _PARTS and self._repository(folder):
                return f"{folder or 'the folder'} would be a git repository"
        return ""

    def _was_link(self, path: str) -> bool:
        return _mode(self.before.files.get(path)) == LINK

    def _sizes(self, path: str) -> list[int]:
        return [side.files[path].st_size for side in (self.before, self.after) if path in side.files]

    def _unfit_link(self, path: str) -> str:
        target = os.readlink(self.copy / path)
        inside = os.path.normpath(os.path.join(os.path.dirname(path), target))
        root = os.path.realpath(self.copy)
        real = os.path.relpath(os.path.realpath(self.copy / path), root)
        if not _is_text(os.fsencode(target)):
            return "a link to a name that is not UTF-8, which no diff can hold"
        if path in self.before.folders:
            return f"a folder would become a link to {target}"
        if any(map(names_git, (*inside.split("/"), *real.split("/")))) or "gitmod" in path.casefold():
            return f"a link to {target}, and git's own files must not be reached through links"
        if os.path.isabs(target) or any(name.split("/")[0] == ".." for name in (inside, real)):
            return f"a link to {target}, which is outside of the folder"
        if self.before.cover(inside) or self.before.cover(real):
            return f"a link to {target}, which was not copied and may lead out of the folder"
        return ""

    @cached_property
    def _there(self) -> set[str]:
        sides = (self.after.files, self.after.folders, self.before.files, self.before.folders)
        return {plain(path) for side in sides for path in side}

    def _repository(self, folder: str) -> bool:
        """Whether git would take the folder for a repository, now or with what the agent made."""
        has = {name for name in _PARTS if f"{plain(folder)}/{name}".lstrip("/") in self._there}
        return {"head", "objects", "refs"} <= has or {"head", "commondir"} <= has

    def special(self, changes: Iterable[Change]) -> dict[str, str]:
        """Changed files that would have run as their owner; they are applied without that."""
        bits = stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX
        new = self.after.files
        return {
            c.path: "applied without its set-id bit" for c in changes if c.new and new[c.path].st_mode & bits
        }


def _mode(info: os.stat_result | None) -> str:
    if info is None:
        return ""
    return LINK if stat.S_ISLNK(info.st_mode) else "100755" if info.st_mode & stat.S_IXUSR else "100644"


# ---------------------------------------------------------------- as a diff


def diff(work: Work, changes: list[Change], git: Git, prefix: str) -> tuple[str, set[str]]:
    """A diff that `git apply` takes, with all that the changes are: modes, links, bytes. UTF-8.

    `git` is an empty repository with room beside it; `prefix` is put before each path. Also returns the paths whose
    names git refuses; the diff is without them.
    """
    blobs = _Blobs(git, git.tree.parent / "blobs")
    old = {c.path: (c.old, blobs.add(work.base / c.path)) for c in changes if c.old}
    new = {c.path: (c.new, blobs.add(work.copy / c.path)) for c in changes if c.new}
    texts = {
        c.path for c in changes if all(blobs.text(side[c.path][1]) for side in (old, new) if c.path in side)
    }
    ids = blobs.written()
    trees = []
    git.run("read-tree", "--empty")
    for state, paths in ((old, set(old)), (new, texts), (new, {c.path for c in changes} - texts)):
        gone = [f"0 {'0' * 40}\t{prefix}{path}" for path in sorted(paths) if path not in state]
        lines = {f"{state[p][0]} {ids[state[p][1]]} 0\t{prefix}{p}": p for p in sorted(paths) if p in state}
        git.run("update-index", "-z", "--add", "--replace", "--index-info", stdin=_joined([*gone, *lines]))
        taken = set(os.fsdecode(git.raw("ls-files", "-z", "--stage")).split("\0"))
        if refused := {path for line, path in lines.items() if line not in taken}:
            text, more = diff(work, [change for change in changes if change.path not in refused], git, prefix)
            return text, refused | more
        trees.append(git.run("write-tree").strip())
    quoted = {"core.quotePath": str(not all(_is_text(os.fsencode(c.path)) for c in changes)).lower()}
    bytes_only = git.tree.parent / "attributes"
    bytes_only.write_text("* -diff\n")
    form = ("diff-tree", "-r", "-p", "--binary", "--no-renames", "--no-ext-diff", "--no-textconv")
    parts = git.raw(*form, *trees[:2], config=quoted)
    parts += git.raw(*form, *trees[1:], config={**quoted, "core.attributesFile": str(bytes_only)})
    return parts.decode("utf-8"), set()


class _Blobs:
    """Contents on their way into a repository, by number: a name may hold anything, a number not."""

    def __init__(self, git: Git, folder: Path) -> None:
        self.git, self.folder, self.count = git, folder, 0
        folder.mkdir(exist_ok=True)

    def add(self, path: Path) -> int:
        place, self.count = self.folder / str(self.count), self.count + 1
        if path.is_symlink():
            place.write_bytes(os.fsencode(os.readlink(path)))
        else:
            shutil.copyfile(path, place, follow_symlinks=False)
        return self.count - 1

    def text(self, number: int) -> bool:
        return _is_text((self.folder / str(number)).read_bytes())

    def written(self) -> Mapping[int, str]:
        names = "".join(f"{self.folder}/{number}\n" for number in range(self.count))
        asked = ("hash-object", "-w", "--no-filters", "--stdin-paths")
        return dict(enumerate(self.git.run(*asked, stdin=os.fsencode(names)).split()))


def _is_text(data: bytes) -> bool:
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _joined(lines: list[str]) -> bytes:
    return os.fsencode("".join(f"{line}\0" for line in lines))
