"""What git ignores in a person's folder. Paths are relative to it, as in `folder.py`."""

import functools
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ahe.history.git import Git

IGNORED = "git ignores it"


@dataclass(frozen=True)
class Ignoring:
    """What git ignores in `root`, by the rules of the repository that holds it, or of the `.gitignore` files alone.

    `spare` is the git directory of an empty repository.
    """

    root: Path
    spare: Path

    def listed(self) -> dict[str, str]:
        """Paths that are there and ignored: a folder stands for all in it."""
        asked = ("ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory", "--")
        for git, prefix in self._repositories():
            done = git.probe("--literal-pathspecs", *asked, prefix or ".")
            names = [name.removesuffix("/") for name in os.fsdecode(done.out).split("\0") if name]
            if not done.code and prefix not in names:
                return {name.removeprefix(f"{prefix}/"): IGNORED for name in names}
        return {}

    def among(self, paths: Iterable[str]) -> dict[str, str]:
        """Those of the new paths, which need not exist, that are ignored; a folder's ends with `/`.

        All are held back where git cannot say it. Those below a link are not asked: nothing is applied there.
        """
        if not self.root.is_dir():
            return {}  # nothing can be applied to a folder that is gone
        is_link = functools.cache(lambda place: os.path.islink(os.path.join(self.root, place)))
        wanted = [path for path in paths if not any(map(is_link, PurePosixPath(f"{path}x").parents))]
        git, prefix = next(self._repositories())
        start = f"./{prefix}/" if prefix else "./"  # `:` at the head of a path would be magic to git
        asked = os.fsencode("".join(f"{start}{path}\0" for path in wanted))
        # Without the index, git accepts paths in submodules.
        done = git.probe("check-ignore", "-z", "--no-index", "--stdin", stdin=asked)
        if done.code not in (0, 1):
            return {path.rstrip("/"): "git does not say whether it ignores it" for path in wanted}
        names = os.fsdecode(done.out).split("\0")
        return {name.removeprefix(start).rstrip("/"): IGNORED for name in names if name}

    @property
    def prefix(self) -> str:
        """From the repository's working tree to the folder, with `/` at its end; empty where they are the same."""
        prefix = next(self._repositories())[1]
        return f"{prefix}/" if prefix else ""

    def _repositories(self) -> Iterator[tuple[Git, str]]:
        for place in (self.root, *self.root.parents):
            git = Git(place, personal=True)
            if (place / ".git").exists() and not git.probe("rev-parse", "--git-dir").code:
                prefix = self.root.relative_to(place).as_posix()
                yield git, "" if prefix == "." else prefix
                break
        yield Git(self.root, self.spare), ""
