"""`ahe run`: a person uses the evolved agent on a directory of their own and sees the diff.

The agent works on a copy. What it did is compared with the copy that it got, never with the directory, in which the
person goes on working.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ahe.agents.play import Player, started
from ahe.errors import AheError, UsageError
from ahe.events import Notice
from ahe.files import remove_tree
from ahe.harness.load import Harness, load
from ahe.history.git import Git
from ahe.jobs.apply import Merge
from ahe.jobs.changes import Change, Work, diff
from ahe.jobs.folder import Listing, copy, persons, plain, without_repositories
from ahe.jobs.ignored import Ignoring
from ahe.jobs.known import version
from ahe.project.assemble import Parts, assemble
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import EnvironmentSpec, Mount, Record, Usage
from ahe.runtime.agent import AgentOutcome
from ahe.runtime.trajectory import now

WORKDIR = "/work"
MAX_SAVED = 50_000_000


class Left(Record):
    """A path that was not copied or not applied, why, and where the agent's version of it is kept, if it is."""

    path: str
    why: str
    saved: str = ""


class RunResult(Record):
    """What the agent answered and what it changed in its copy.

    `applied`: changes were written back. `skipped` was not copied. `held` was kept out of the diff and the directory,
    `collided` out of the directory, because the person has it otherwise. `trace` is the folder with all of it.
    """

    answer: str
    ended: str
    diff: str
    changed: tuple[str, ...]
    applied: bool
    skipped: tuple[Left, ...] = ()
    held: tuple[Left, ...] = ()
    collided: tuple[Left, ...] = ()
    trace: str
    usage: Usage


async def run_instruction(
    project: Project,
    watcher: Watcher,
    *,
    instruction: str,
    directory: Path,
    rev: str = "HEAD",
    apply: bool = False,
    everything: bool = False,
) -> RunResult:
    """Work on a copy of `directory`; with `apply` its changes are merged into it, else only shown.

    The copy is what the sandbox can write; nothing else of the machine is visible in it. What git ignores is copied
    only with `everything`. If the work is cut off, its diff so far is kept beside the trace.
    """
    if not instruction.strip():
        raise UsageError('there is no instruction: say what to do, as in ahe run "fix the failing test"')
    if project.config.coder.kind != "ahe":
        raise UsageError(
            f"`ahe run` plays our own loop: start {project.config.coder.agent} yourself in that directory"
        )
    directory = directory.resolve()
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory: pass one with -C")
    trace = project.config.runs / "people" / now().replace(":", "-")
    harness = load(Path(version(project, project.history(), rev).root))
    with _scratch(trace / "desk") as scratch:
        desk = Desk.lay(directory, scratch, project.config.runs, everything=everything)
        async with assemble(project, watcher) as parts:
            try:
                outcome = await _play(parts, harness, instruction, desk.copy, trace)
            except BaseException:
                with suppress(AheError, OSError):
                    if desk.done(trace).diff:
                        watcher.emit(Notice(f"what the agent did until then: {trace / 'changes.diff'}"))
                raise
            try:
                done = desk.done(trace)
                collided = desk.apply(done, trace) if apply else ()
            except (AheError, OSError) as error:
                without_repositories(desk.copy)
                raise _Unfinished(f"{error}: what the agent did is kept in {desk.copy}") from None
    return RunResult(
        answer=outcome.answer,
        ended=outcome.ended,
        diff=done.diff,
        changed=tuple(_name(change.path) for change in done.changes),
        applied=apply and len(collided) < len(done.changes),
        skipped=tuple(Left(path=_name(path), why=why) for path, why in sorted(desk.before.left_out.items())),
        held=done.held,
        collided=collided,
        trace=str(trace),
        usage=parts.spent,
    )


class _Unfinished(UsageError):
    """What the agent did could not be brought to the person. Its folder is kept."""


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A new folder, removed afterwards. It is not in `runs/scratch`, because it may have to be kept."""
    folder.parent.mkdir(parents=True)
    folder.mkdir(0o700)  # nobody else runs what the agent made, as with a set-id bit
    kept = False
    try:
        yield folder
    except _Unfinished:
        kept = True
        raise
    finally:
        if not kept:
            with suppress(OSError):
                remove_tree(folder)
                folder.parent.rmdir()  # nothing was worth keeping, if it is empty


async def _play(parts: Parts, harness: Harness, instruction: str, copy: Path, trace: Path) -> AgentOutcome:
    """Let the agent work on the copy in a sandbox of its own."""
    mounts = (Mount(host=str(copy), inside=WORKDIR, writable=True),)
    spec = EnvironmentSpec(name="run", workdir=WORKDIR, mounts=mounts)
    limits = parts.project.config.trial_limits()
    player = Player("coder", parts.models["coder"], parts.modes["coder"], limits, parts.executor)
    async with started(parts.environment(spec, copy.parent / "box")) as environment:
        return await player.play(
            harness, environment, instruction, trace=trace, session=trace.name, key="run/0", workdir=WORKDIR
        )


@dataclass(frozen=True)
class Done:
    """What an agent did: the changes that may be applied, the same as a diff, and what is held back."""

    work: Work
    changes: list[Change]
    diff: str
    held: tuple[Left, ...]


@dataclass(frozen=True)
class Desk:
    """A directory of a person, the copy that an agent works on, and another that stays as it was.

    `git` is an empty repository; `ignoring` is None where what git ignores is wanted too.
    """

    directory: Path
    scratch: Path
    git: Git
    before: Listing
    ignoring: Ignoring | None

    @property
    def copy(self) -> Path:
        return self.scratch / "copy"

    @classmethod
    def lay(cls, directory: Path, scratch: Path, runs: Path, *, everything: bool = False) -> Desk:
        """Copy the directory. Raises `UsageError` if it is too large, before anything is copied."""
        git = Git(scratch / "empty", scratch / "record.git")
        git.tree.mkdir()
        git.run("init", "--quiet", "--template=")
        found = persons(directory, scratch / "record.git", runs, everything=everything)
        free = shutil.disk_usage(scratch).free
        if 2 * found.bytes > free:
            raise UsageError(
                f"{directory} has {found.bytes / 1e6:.1f} MB, and copying it twice does not fit in the "
                f"{free / 1e6:.1f} MB that are free at {runs}: make room there, or name a smaller folder with -C"
            )
        copy(directory, found, scratch / "base")
        copy(scratch / "base", found, scratch / "copy")
        ignoring = None if everything else Ignoring(directory, scratch / "record.git")
        return cls(directory, scratch, git, found, ignoring)

    def done(self, trace: Path) -> Done:
        """What the agent did. The diff and what is held back are kept in the folder `trace`."""
        work = Work.look(self.scratch / "base", self.copy, self.before, self.ignoring)
        changes, held = work.changes()
        text, refused = diff(work, changes, self.git, Ignoring(self.directory, self.scratch).prefix)
        changes = [change for change in changes if change.path not in refused]
        held |= dict.fromkeys(refused, "git refuses its name")
        trace.mkdir(parents=True, exist_ok=True)
        (trace / "changes.diff").write_text(text, "utf-8")
        special = (Left(path=_name(path), why=why) for path, why in work.special(changes).items())
        return Done(work, changes, text, (*_saved(work, held, trace / "held"), *special))

    def apply(self, done: Done, trace: Path) -> tuple[Left, ...]:
        """Merge the changes into the directory. Returns what is left to the person; the agent's version is kept."""
        left = Merge(self.directory, done.work, self.git).apply(done.changes)
        return _saved(done.work, left, trace / "collided")


def _saved(work: Work, left: dict[str, str], folder: Path) -> tuple[Left, ...]:
    """Keep the agent's version of what is left, up to a limit, but no HEAD: with it, git would obey a config there."""
    kept, room, covered = dict.fromkeys(left, ""), MAX_SAVED, Listing(left_out=left)
    for name, info in work.after.files.items():
        path, source, target = covered.cover(name), work.copy / name, folder / name
        room -= max(info.st_size, 4096) if path else 0
        if not path or room < 0 or plain(target.name) == "head":
            continue
        with suppress(OSError, RecursionError):
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_symlink():
                target.write_text(f"a link to {os.readlink(source)!a}\n", "utf-8")
            else:
                shutil.copyfile(source, target, follow_symlinks=False)
            kept[path] = str(folder / path)
    return tuple(
        Left(path=_name(path), why=why, saved=_name(kept[path])) for path, why in sorted(left.items())
    )


def _name(path: str) -> str:
    """A path as text: bytes that are not UTF-8 are shown as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
