"""A person's folder as an agent gets it: what is copied, and what is left out with the reason.

Paths are relative, with `/`; bytes that are not UTF-8 are surrogate escapes. No link is followed.
"""

import errno
import itertools
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from ahe.errors import UsageError
from ahe.files import remove_tree
from ahe.jobs.ignored import Ignoring

MAX_BYTES = 500_000_000
MAX_FILES = 200_000
LONG = 256  # characters of a path that count as one more file
RUNS = "it holds the record of runs"
REPOSITORY = "it has the name of a git repository's own folder"
_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
# Code points that HFS+ leaves out of names, as git's own check has them.
_UNSEEN = dict.fromkeys([*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF])


def names_git(name: str) -> bool:
    """Whether some file system takes a file of this name for `.git`: other case, ends, streams, unseen characters."""
    return any(plain(part) in (".git", "git~1") for part in name.split("\\"))


def plain(path: str) -> str:
    """A path as a file system may take it that knows no case and drops ends, streams and unseen characters."""
    parts = path.translate(_UNSEEN).casefold().split("/")
    return "/".join(part.split(":")[0].rstrip(" .") for part in parts)


def above(path: str) -> Iterator[str]:
    """The path and every folder that it is in, nearest first."""
    yield path
    yield from (str(parent) for parent in PurePosixPath(path).parents if str(parent) != ".")


@dataclass
class Listing:
    """What is in a folder. `left_out`: what does not count, with the reason; what is below it is not listed."""

    files: dict[str, os.stat_result] = field(default_factory=dict)
    folders: dict[str, os.stat_result] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        return sum(info.st_size for info in self.files.values())

    def cover(self, path: str) -> str:
        """What of `left_out` the path is or is in; empty where it is in nothing of it."""
        return next((place for place in above(path) if place in self.left_out), "")


def listing(
    root: Path,
    skip: Callable[[str, list[str]], dict[str, str]] | None = None,
    *,
    ours: bool = False,
    most: int = MAX_FILES,
) -> Listing:
    """List a folder. `skip` gets a folder's path and names and gives the paths to leave out, with the reasons.

    With `ours`, what cannot be read is made readable. Raises `UsageError` for more than `most` files and folders.
    """
    found, waiting = Listing(), [""]
    wanted: dict[str, str] = {}
    count = 0
    while waiting:
        place = waiting.pop()
        try:
            if ours and place:
                os.chmod(root / place, 0o700 | stat.S_IMODE(found.folders[place[:-1]].st_mode))
            inside = itertools.islice(os.scandir(root / place), most + 1)
            entries = {entry.name: entry for entry in inside}
        except OSError as error:
            if not place:
                raise UsageError(
                    f"{root} cannot be read ({error.strerror}): name another folder with -C"
                ) from None
            found.folders.pop(place[:-1])
            found.left_out[place[:-1]] = f"it cannot be read ({error.strerror})"
            continue
        count += sum(1 + len(place + name) // LONG for name in entries)
        if count > most:
            raise UsageError(
                f"{root} holds more than {most:,} files and folders, too many to copy: name a smaller folder "
                "with -C"
            )
        wanted |= skip(place, list(entries)) if skip else {}
        for name, entry in entries.items():
            path = place + name
            try:
                info = entry.stat(follow_symlinks=False)
                if ours and stat.S_ISREG(info.st_mode) and not info.st_mode & stat.S_IRUSR:
                    os.chmod(entry.path, 0o600)
            except OSError as error:
                found.left_out[path] = f"it cannot be read ({error.strerror})"
                continue
            kind = stat.S_IFMT(info.st_mode)
            if reason := wanted.get(path) or (REPOSITORY if names_git(name) else "") or _KINDS.get(kind):
                found.left_out[path] = reason
            elif stat.S_ISDIR(kind):
                found.folders[path] = info
                waiting.append(f"{path}/")
            else:
                found.files[path] = info
    return found


def without_repositories(root: Path) -> None:
    """Remove from a folder that an agent wrote what git would take for a repository, and what cannot be looked at."""
    waiting = [root]
    while waiting:
        place = waiting.pop()
        try:
            os.chmod(place, 0o700)
            for entry in os.scandir(place):
                folder = entry.is_dir(follow_symlinks=False)
                if names_git(entry.name) or plain(entry.name) == "head":
                    remove_tree(Path(entry.path)) if folder else os.unlink(entry.path)
                elif folder:
                    waiting.append(Path(entry.path))
        except OSError:
            remove_tree(place)


def persons(root: Path, spare: Path, runs: Path, *, everything: bool = False) -> Listing:
    """What of a person's folder an agent gets. Raises `UsageError` with the size of one that is too large.

    Left out are records of runs, `.git` of repositories inside, what cannot be copied, and what git ignores unless
    `everything` is wanted. The folder's own `.git` is in as long as it fits.
    """

    def skip(place: str, names: list[str]) -> dict[str, str]:
        inside = root / place
        out = {f"{place}{name}": RUNS for name in names if _records(inside / name, runs)}
        if not everything and (not place or ".git" in names):
            out |= {f"{place}{path}": why for path, why in Ignoring(inside, spare).listed().items()}
        return out

    found = listing(root, skip)
    if found.bytes > MAX_BYTES:
        raise UsageError(
            f"{root} has {found.bytes / 1e6:.0f} MB; `ahe run` copies at most {MAX_BYTES / 1e6:.0f} MB: name a "
            "smaller folder with -C, or let git ignore what is large"
        )
    if (root / ".git").is_dir() and not (root / ".git").is_symlink():
        _add_repository(root, found)
    return found


def _records(path: Path, runs: Path) -> bool:
    return path in (runs, runs / "scratch") or (path.name == "runs" and (path / "ahe.sqlite").is_file())


def _add_repository(root: Path, found: Listing) -> None:
    try:
        own = listing(root / ".git")
        fits = found.bytes + own.bytes <= MAX_BYTES
    except UsageError:
        fits = False
    if not fits:
        found.left_out[".git"] = "it is too large"
        return
    del found.left_out[".git"]
    found.folders[".git"] = (root / ".git").stat()
    for mine, theirs in ((own.files, found.files), (own.folders, found.folders)):
        theirs |= {f".git/{path}": info for path, info in mine.items()}
    found.left_out |= {f".git/{path}": why for path, why in own.left_out.items()}


def copy(root: Path, found: Listing, target: Path) -> None:
    """Copy what is listed, with permissions and times. What cannot be copied after all moves to `left_out`."""
    target.mkdir()
    for kind in (found.folders, found.files):
        for path in sorted(kind):
            why = ""
            try:
                if not found.cover(path):
                    _copy_one(root / path, target / path, folder=kind is found.folders)
                    continue
            except _Unreadable as error:
                why = str(error)
            except OSError as error:
                if error.errno != errno.ENAMETOOLONG:  # it is deeper in our folders than in the person's
                    raise
                why = "its path is too long"
            del kind[path]
            found.left_out |= {path: why} if why else {}
    for path, info in found.folders.items():
        os.chmod(target / path, 0o700 | stat.S_IMODE(info.st_mode) & 0o777)


class _Unreadable(Exception):
    pass


def _copy_one(source: Path, target: Path, *, folder: bool) -> None:
    if folder:
        target.mkdir()
        return
    try:
        if source.is_symlink():
            link, handle = os.readlink(source), -1
        else:  # without blocking, because it may have become a pipe by now
            handle = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise _Unreadable(f"it cannot be read ({error.strerror})") from None
    if handle < 0:
        target.symlink_to(link)
        return
    with open(handle, "rb") as old:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            raise _Unreadable("it was replaced while it was read")
        with target.open("xb") as new:
            shutil.copyfileobj(old, new)
        os.chmod(target, 0o600 | stat.S_IMODE(info.st_mode) & 0o777)
        os.utime(target, ns=(info.st_atime_ns, info.st_mtime_ns))
