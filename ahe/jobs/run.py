"""`ahe run`: a person uses the evolved agent on a directory of their own and sees the diff.

The agent works on a copy. The copy is not to be trusted: a link in it may point anywhere on the machine, so no link
is ever followed.
"""

from __future__ import annotations

import difflib
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ahe.agents.play import Player, started
from ahe.errors import UsageError
from ahe.harness.load import Harness, load
from ahe.jobs.known import version
from ahe.project.assemble import Parts, assemble
from ahe.project.project import Project
from ahe.protocols import Watcher
from ahe.records import EnvironmentSpec, Mount, Record, Usage
from ahe.runtime.agent import AgentOutcome
from ahe.runtime.trajectory import now

WORKDIR = "/work"
MAX_BYTES = 500_000_000
"""Of the directory that is copied."""
MAX_SHOWN = 200_000
"""Of a file whose changed lines are shown; a larger one is only named."""


class RunResult(Record):
    """What the agent answered and what it changed. `applied`: the changes were written back."""

    answer: str
    ended: str
    diff: str
    changed: tuple[str, ...]
    applied: bool
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
) -> RunResult:
    """Work on a copy of `directory`; with `apply` its changes are written back, else only shown.

    The copy is what the sandbox can write; nothing else of the machine is visible in it.
    """
    directory = _checked(directory.resolve())
    harness = load(Path(version(project, project.history(), rev).root))
    scratch_root = project.config.runs / "scratch"
    scratch_root.mkdir(parents=True, exist_ok=True)
    trace = project.config.runs / "people" / now().replace(":", "-")
    async with assemble(project, watcher) as parts:
        with tempfile.TemporaryDirectory(dir=scratch_root) as scratch:
            copy = Path(scratch) / "copy"
            shutil.copytree(directory, copy, symlinks=True)
            outcome = await _play(parts, harness, instruction, copy, trace)
            changed = changed_paths(directory, copy)
            text = unified(directory, copy, changed)
            if apply:
                write_back(copy, directory, changed)
    return RunResult(
        answer=outcome.answer,
        ended=outcome.ended,
        diff=text,
        changed=changed,
        applied=apply and bool(changed),
        trace=str(trace),
        usage=parts.spent,
    )


def _checked(directory: Path) -> Path:
    """The directory, if it is one and not too large to copy. Raises `UsageError`."""
    if not directory.is_dir():
        raise UsageError(f"{directory} is not a directory: pass one with -C")
    size = sum(p.stat().st_size for p in directory.rglob("*") if p.is_file() and not p.is_symlink())
    if size > MAX_BYTES:
        raise UsageError(
            f"{directory} has {size / 1e6:.0f} MB; `ahe run` copies at most {MAX_BYTES / 1e6:.0f} MB: name a "
            "smaller folder with -C"
        )
    return directory


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


def changed_paths(before: Path, after: Path) -> tuple[str, ...]:
    """Relative paths of files and links that were added, changed or removed; `.git` folders do not count."""
    old, new = _entries(before), _entries(after)
    return tuple(
        name for name in sorted(old | new) if _content(before, name, old) != _content(after, name, new)
    )


def unified(before: Path, after: Path, changed: Sequence[str]) -> str:
    """A unified diff of the changed paths; what is not text is only named."""
    old, new = _entries(before), _entries(after)
    parts = []
    for name in changed:
        sides = [_lines(_content(before, name, old)), _lines(_content(after, name, new))]
        if sides[0] is None or sides[1] is None:
            parts.append(f"Binary file {name} differs\n")
            continue
        labels = [
            f"{side}/{name}" if name in known else "/dev/null" for side, known in (("a", old), ("b", new))
        ]
        for line in difflib.unified_diff(sides[0], sides[1], labels[0], labels[1]):
            parts.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(parts)


def write_back(source: Path, target: Path, changed: Sequence[str]) -> None:
    """Bring the changed paths of `source` to `target`."""
    known = _entries(source)
    for name in changed:
        new, old = source / name, target / name
        if old.is_symlink() or old.is_file():
            old.unlink()
        if name in known:
            old.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(new, old, follow_symlinks=False)


def _entries(root: Path) -> set[str]:
    found = set()
    for folder, folders, files in os.walk(root):
        links = [name for name in folders if Path(folder, name).is_symlink()]
        folders[:] = [name for name in folders if name != ".git" and name not in links]
        places = (Path(folder, name) for name in (*files, *links))
        found |= {p.relative_to(root).as_posix() for p in places if p.is_symlink() or p.is_file()}
    return found


def _content(root: Path, name: str, known: set[str]) -> bytes | None:
    """The bytes of a file, a link as text, None where it does not exist."""
    path = root / name
    if name not in known:
        return None
    return f"link to {os.readlink(path)}\n".encode() if path.is_symlink() else path.read_bytes()


def _lines(content: bytes | None) -> list[str] | None:
    """Lines of a text; none for a file that does not exist; None for what is not text or is too long."""
    if content is None:
        return []
    if b"\0" in content[:8000] or len(content) > MAX_SHOWN:
        return None
    return content.decode("utf-8", "replace").splitlines(keepends=True)
