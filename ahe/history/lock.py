"""Only one `ahe` writes to a workspace at a time; if it is killed, the next one cleans up.

The lock is a `flock` on `.git/ahe.lock` (of the main working tree, where others are linked to it). Every git process
that `ahe` starts inherits it, so that it is free only when they have ended too. While work is under way, the file says
what is being done. If the lock is free but the file is not empty, a process was killed. `clean_up` then changes only
what is provably ours, never a person's edit.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from ahe.errors import WorkspaceError
from ahe.history.git import Git
from ahe.records import Record

NAME = "ahe.lock"
DRAFT = "ahe-draft-"


class Intent(Record):
    """What the holder of the lock is doing. `target` is set while `branch` moves there from `start`."""

    pid: int
    began: float
    branch: str = ""
    start: str = ""
    target: str = ""


class Lock:
    """The lock of one workspace; its holder may take it again.

    If the last holder was killed, `clean_up` is called with what it was doing when the lock is taken. If `clean_up`
    raises, the lock is released and the file stays as it was.
    """

    def __init__(self, folder: Path, clean_up: Callable[[Intent], None], patience: float = 5.0) -> None:
        self._path = folder / NAME
        self._clean_up = clean_up
        self._patience = patience
        self._depth = 0
        self._file = -1
        self._cut_off = False

    @property
    def descriptors(self) -> tuple[int, ...]:
        """The file descriptors that a git process must inherit to keep the lock."""
        return (self._file,) if self._depth else ()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock. Raises `WorkspaceError` if another `ahe` holds it for `patience` seconds."""
        if not self._depth:
            self._take()
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                if not self._cut_off:
                    self._say(b"")
                os.close(self._file)

    @contextmanager
    def moving(self, branch: str, start: str, target: str) -> Iterator[None]:
        """Hold the lock and record that `branch` moves from `start` to `target`, until it has moved.

        If an exception (Ctrl-C, a full disk) interrupts the move, the next holder completes it.
        """
        with self.held():
            self._announce(branch, start, target)
            self._cut_off = True
            yield
            self._cut_off = False
            self._announce()

    def _take(self) -> None:
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise WorkspaceError(f"cannot write to {self._path.parent}: {error.strerror}") from None
        try:
            self._wait()
            left = self._read()
            self._depth = 1  # so that git commands of `clean_up` inherit the lock
            try:
                if left is not None:
                    self._clean_up(left)
            finally:
                self._depth = 0
        except BaseException:
            os.close(self._file)
            raise
        self._cut_off = False
        self._announce()

    def _wait(self) -> None:
        until = time.monotonic() + self._patience
        while True:
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > until:
                    left = self._read()
                    who = f" (process {left.pid})" if left else ""
                    raise WorkspaceError(
                        f"another ahe{who} is at work in this workspace: wait for it, or stop it"
                    ) from None
            time.sleep(0.02)

    def _read(self) -> Intent | None:
        text = os.pread(self._file, 65_536, 0)
        if not text.strip():
            return None
        try:
            return Intent.model_validate_json(text)
        except ValidationError:
            return Intent(pid=0, began=self._path.stat().st_mtime)

    def _announce(self, branch: str = "", start: str = "", target: str = "") -> None:
        intent = Intent(pid=os.getpid(), began=time.time(), branch=branch, start=start, target=target)
        self._say(intent.model_dump_json().encode())

    def _say(self, text: bytes) -> None:
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, text, 0)


# ---------------------------------------------------------------- after a killed `ahe`


def clean_up(git: Git, intent: Intent) -> None:
    """Undo or finish what a killed `ahe` was doing. The caller holds the workspace's lock.

    Raises `WorkspaceError` while another git process works here.
    """
    _sweep_locks(git, intent.began)
    _sweep_drafts(git.common)
    if intent.target:
        _finish_move(git, intent)


def _sweep_locks(git: Git, since: float) -> None:
    """Remove git's lock files that are as young as the killed `ahe` and belong to no living process.

    The killed process's own git commands have ended (else they would hold our lock); a person's are found in /proc, in
    any of the working trees, which share the locks of refs.
    """
    found = (path for path in git.common.rglob("*.lock") if path.name != NAME)
    stale = [path for path in found if path.stat().st_mtime >= since - 1]
    if not stale:
        return
    linked = (git.common / "worktrees").glob("*/gitdir")
    trees = [git.tree, git.common.parent, *(Path(r.read_text("utf-8").strip()).parent for r in linked)]
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            name = (entry / "comm").read_text().strip()
            place = Path(os.readlink(entry / "cwd"))
        except OSError:
            continue  # it has ended, or belongs to another user
        if (name == "git" or name.startswith("git-")) and any(map(place.is_relative_to, trees)):
            raise WorkspaceError(
                f"git (process {entry.name}) is at work in {place}: let it finish, then start ahe again"
            )
    for path in stale:
        path.unlink(missing_ok=True)


def _sweep_drafts(folder: Path) -> None:
    """Remove the working trees of drafts. Drafts are made under the lock, so any that is left is unused."""
    for record in sorted((folder / "worktrees").glob(f"{DRAFT}*")):
        try:
            draft = Path((record / "gitdir").read_text("utf-8").strip()).parent
        except OSError:
            draft = None  # killed before git had written it
        if draft is not None and draft.name.startswith(DRAFT):
            shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(record, ignore_errors=True)


def _finish_move(git: Git, intent: Intent) -> None:
    """Complete a fast-forward that was interrupted, unless a person has changed one of its files since."""
    branch = git.probe("symbolic-ref", "--quiet", "HEAD").text.strip()
    head = git.probe("rev-parse", "--verify", "--quiet", "HEAD").text.strip()
    if branch != intent.branch or head not in (intent.start, intent.target):
        return
    names = git.run("diff", "--name-only", "--no-renames", "-z", intent.start, intent.target, "--")
    paths = [name for name in names.split("\0") if name]
    if not all(_is_ours(git, intent, path) for path in paths):
        return
    gone = [path for path in paths if git.probe("cat-file", "-e", f"{intent.target}:{path}").code]
    there = [path for path in paths if path not in gone]
    if there:
        git.run("--literal-pathspecs", "checkout", "--force", intent.target, "--", *there)
    if gone:
        git.run("--literal-pathspecs", "rm", "--force", "--quiet", "--ignore-unmatch", "--", *gone)
    git.run("update-ref", "-m", "ahe: finish a move that was cut off", intent.branch, intent.target, head)


def _is_ours(git: Git, intent: Intent, path: str) -> bool:
    """Whether the file is missing, partly written, or as it was before or will be after the move."""
    try:
        data = (git.tree / path).read_bytes()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    before = git.probe("cat-file", "blob", f"{intent.start}:{path}")
    after = git.probe("cat-file", "blob", f"{intent.target}:{path}")
    return (not before.code and data == before.out) or (not after.code and after.out.startswith(data))
