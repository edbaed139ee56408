"""`runs/scratch`: each process works in a folder of its own there, and says which trials it runs.

A process holds a `flock` on the file `lock` in its folder as long as it lives, so what a killed one left is found by
anyone, also from another container.
"""

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ahe.files import remove_tree

LOCK, CLAIMS = "lock", "trials"


class Scratch:
    """The folder of this process below `place`, made when it is first used and removed by `close`."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._own: tuple[Path, IO[str]] | None = None

    @property
    def own(self) -> Path:
        if self._own is None:
            self._place.mkdir(parents=True, exist_ok=True)
            with _locked(self._place / LOCK):
                folder = Path(tempfile.mkdtemp(dir=self._place))
                (folder / CLAIMS).mkdir()
                file = (folder / LOCK).open("w")
                fcntl.flock(file, fcntl.LOCK_EX)
            self._own = folder, file
        return self._own[0]

    def claim(self, trial_id: str) -> None:
        """Say that this process runs a trial, until `release` or its end."""
        (self.own / CLAIMS / trial_id).touch()

    def release(self, trial_id: str) -> None:
        if self._own is not None:
            (self.own / CLAIMS / trial_id).unlink(missing_ok=True)

    def claimed(self) -> set[str]:
        """The trials that any process runs; those of killed ones too, until `sweep`."""
        return {path.name for path in self._place.glob(f"*/{CLAIMS}/*")}

    def sweep(self) -> None:
        """Remove what processes left that have ended. Raises OSError where that cannot be done."""
        if not self._place.is_dir():
            return
        with _locked(self._place / LOCK):
            for folder in [path for path in self._place.iterdir() if path.is_dir()]:
                if not _held(folder / LOCK):
                    remove_tree(folder)

    def close(self) -> None:
        if self._own is not None:
            folder, file = self._own
            with file, suppress(OSError):  # a sandbox that did not end may still write there: left to `sweep`
                remove_tree(folder)
            self._own = None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _held(path: Path) -> bool:
    """Whether a living process holds the lock; not where there is none, as in what earlier versions left."""
    with suppress(FileNotFoundError), path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
