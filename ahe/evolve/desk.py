"""The evolver's desk: a plain copy of the harness to edit, and the one way from there to a commit.

The copy is no git worktree: a `.git` file that the evolver could rewrite would make the host run git on a
repository of its choosing. What is committed is copied from the desk after preflight has passed.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from ahe.evolve.manifest import Manifest, subject_line, unfounded, with_full_ids
from ahe.harness.layout import classify
from ahe.harness.mounts import FILES, FOLDERS, ignored
from ahe.harness.preflight import Preflight, Problem
from ahe.history import History
from ahe.records import Brief, Change, Kind

Dynamic = Callable[[Path], Awaitable[list[Problem]]]
"""The rules that need the box: imports, rendering, the smoke trial. Gets the folder of a harness."""


class Refused(Exception):
    """A change that did not pass. `reasons` go back to the evolver."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class Draft:
    """Where one brief is worked on. `folder` is the evolver's copy of the harness."""

    def __init__(
        self,
        history: History,
        worktree: Path,
        folder: Path,
        brief: Brief,
        preflight: Preflight,
        dynamic: Dynamic,
        evolver: str,
        strategy: str,
    ) -> None:
        self.folder = folder
        self.commits: list[str] = []
        self.refusals = 0
        self._history = history
        self._worktree = worktree
        self._brief = brief
        self._preflight = preflight
        self._dynamic = dynamic
        self._evolver = evolver
        self._strategy = strategy
        copy_mounts(worktree, folder)

    @property
    def full(self) -> bool:
        """Whether no further commit is wanted."""
        return len(self.commits) >= self._brief.changes

    async def commit(self, manifest: Manifest) -> str:
        """Check the desk's content with its manifest and commit it. Raises `Refused`."""
        unlock(self.folder)
        trials = frozenset(trial.id for trial in self._brief.evidence.trials)
        manifest = with_full_ids(manifest, trials)
        reasons = await self._reasons(manifest)
        if reasons:
            self.refusals += 1
            raise Refused(reasons)
        change = self._change(manifest)
        copy_mounts(self.folder, self._worktree)
        self.commits.append(self._history.commit_draft(self._worktree, change))
        return self.commits[-1]

    def reset(self) -> None:
        """Put the desk back to the last commit."""
        copy_mounts(self._worktree, self.folder)

    async def _reasons(self, manifest: Manifest) -> list[str]:
        if self.full:
            return [f"this iteration takes no more than {self._brief.changes} changes"]
        evidence = self._brief.evidence
        trials = frozenset(trial.id for trial in evidence.trials)
        tasks = frozenset(trial.task for trial in evidence.trials)
        reasons = unfounded(manifest, Path(evidence.traces), trials, tasks)
        problems = self._preflight.check(self.folder, self._worktree, manifest.action)
        if not problems:
            problems = await self._dynamic(self.folder)
        return reasons + [str(problem) for problem in problems]

    def _change(self, manifest: Manifest) -> Change:
        kinds = changed_kinds(self._worktree, self.folder)
        return Change(
            id=f"{self._brief.iteration:03d}-{len(self.commits) + 1}",
            kinds=kinds,
            action=manifest.action,
            subject=subject_line(kinds, manifest.subject),
            evidence=manifest.evidence,
            root_cause=manifest.root_cause,
            fix=manifest.fix,
            predicts=manifest.predicts,
            risks=manifest.risks,
            citations=manifest.citations,
            evolver=self._evolver,
            strategy=self._strategy,
        )


def copy_mounts(source: Path, target: Path) -> None:
    """Make the seven mounts in `target` the same as in `source`."""
    target.mkdir(parents=True, exist_ok=True)
    unlock(target)
    for name in (*FILES, *FOLDERS):
        old, new = target / name, source / name
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink(missing_ok=True)
        if new.is_dir():
            shutil.copytree(new, old)
        elif new.is_file():
            shutil.copyfile(new, old)


def unlock(folder: Path) -> None:
    """Make everything in a folder readable: who works on a desk may have taken the permissions away."""
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place, name)
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o700 if name in folders else 0o600))


def changed_kinds(before: Path, after: Path) -> tuple[Kind, ...]:
    """The kinds of component in which two harness folders differ, in the order of the seven kinds."""
    paths = {
        p.relative_to(root).as_posix() for root in (before, after) for p in root.rglob("*") if p.is_file()
    }
    changed = {
        classify(path)
        for path in paths
        if path.split("/")[0] in (*FILES, *FOLDERS)
        and not ignored(path)
        and _bytes(before / path) != _bytes(after / path)
    }
    return tuple(kind for kind in Kind if kind in changed)


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
