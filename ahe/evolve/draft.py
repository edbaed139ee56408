"""A change before it is a commit: a copy of the harness to edit, its manifest, and the checks of both.

The copy has no `.git`: if the evolver could rewrite that file, it could make the host run git on any repository. What
the evolver hands in is copied once, to where only the host can write: its processes may still be changing the draft.
That copy is checked, tried in the box, and committed in git's worktree.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ahe.debug.ask.citations import quoted
from ahe.debug.readers.trace import full_ids
from ahe.files import copy_tree, remove_tree
from ahe.harness.layout import FILES, FOLDERS, Problem, classify, ignored
from ahe.harness.preflight import SHOWN, Preflight
from ahe.history import History
from ahe.records import Brief, Change, Citation, Kind, Record

CheckInBox = Callable[[Path], Awaitable[list[Problem]]]
"""The checks of preflight that run a harness: imports, rendering, the smoke trial. Gets the harness's folder."""

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=8, max_length=100, pattern=r"^[^\n]+$")
]
Paragraph = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=2_000)]


class Manifest(Record):
    """What the evolver says about a change: every field is required."""

    subject: Line
    action: Literal["add", "improve", "remove"]
    evidence: Paragraph
    root_cause: Paragraph
    fix: Paragraph
    predicts: tuple[str, ...]
    risks: tuple[str, ...]
    citations: Annotated[tuple[Citation, ...], Field(min_length=1, max_length=10)]


class ChangeRefused(Exception):
    """A change that did not pass the checks. `reasons` go back to the evolver."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


@dataclass
class Draft:
    """The draft of one brief: `folder` is the evolver's copy of the harness, `commits` are those made of it so far.

    `worktree` is git's, out of the evolver's reach. `evolver` and `strategy` are written to each commit.
    """

    history: History
    worktree: Path
    folder: Path
    brief: Brief
    preflight: Preflight
    check_in_box: CheckInBox
    evolver: str
    strategy: str
    commits: list[str] = field(default_factory=list)
    refusals: int = 0

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Set the draft back to the last commit."""
        copy_mounts(self.worktree, self.folder)

    @property
    def full(self) -> bool:
        """Whether the brief allows no further commit."""
        return len(self.commits) >= self.brief.changes

    async def commit(self, manifest: Manifest, play: str = "") -> str:
        """Check the draft with its manifest and commit it. Raises `ChangeRefused`.

        `play` is the play of the playbook that it comes from, `<name>@<digest>`.
        """
        held = self.folder.with_name("handed-in")
        try:
            return await self._commit(manifest, held, play)
        finally:
            await asyncio.to_thread(remove_tree, held)

    async def _commit(self, manifest: Manifest, held: Path, play: str) -> str:
        left_out = await asyncio.to_thread(copy_tree, self.folder, held)
        trials = frozenset(trial.id for trial in self.brief.evidence.trials)
        manifest = with_full_ids(manifest, trials)
        reasons = await self._reasons(manifest, trials, held, left_out)
        if reasons:
            self.refusals += 1
            raise ChangeRefused(reasons)
        change = self._change(manifest, held).model_copy(update={"play": play})
        copy_mounts(held, self.worktree)
        self.commits.append(self.history.commit_draft(self.worktree, change))
        return self.commits[-1]

    async def _reasons(
        self, manifest: Manifest, trials: frozenset[str], held: Path, left_out: list[str]
    ) -> list[str]:
        if self.full:
            return [f"this iteration takes no more than {self.brief.changes} changes"]
        evidence = self.brief.evidence
        tasks = frozenset(trial.task for trial in evidence.trials)
        reasons = unfounded(manifest, Path(evidence.traces), trials, tasks)
        reasons += [f"{line}; a harness holds plain files [files]" for line in left_out[:SHOWN]]
        problems = self.preflight.check(held, self.worktree, manifest.action)
        if not problems and not left_out:
            problems = await self.check_in_box(held)
        return reasons + [str(each) for each in problems if not (left_out and each.rule == "change")]

    def _change(self, manifest: Manifest, held: Path) -> Change:
        kinds = changed_kinds(self.worktree, held)
        return Change(
            id=f"{self.brief.iteration:03d}-{len(self.commits) + 1}",
            kinds=kinds,
            subject=subject_line(kinds, manifest.subject),
            evolver=self.evolver,
            strategy=self.strategy,
            **manifest.model_dump(exclude={"subject"}),
        )


def unfounded(manifest: Manifest, traces: Path, trials: frozenset[str], tasks: frozenset[str]) -> list[str]:
    """Names and citations in the manifest that do not match the train traces in folder `traces`, one line each."""
    problems = [
        f"{field}: {name!r} is no task of the train split"
        for field, names in (("predicts", manifest.predicts), ("risks", manifest.risks))
        for name in names
        if name not in tasks
    ]
    for citation in manifest.citations:
        if citation.trial not in trials:
            problems.append(f"citations: {citation.trial!r} is no trial of the evidence")
        elif not quoted(citation, traces):
            problems.append(f"citations: the quote does not stand at {citation}: {citation.quote!r}")
    return problems


def with_full_ids(manifest: Manifest, trials: frozenset[str]) -> Manifest:
    """The manifest with full trial ids in place of the short labels that reports use."""
    whole = full_ids(trials)
    cited = tuple(
        citation.model_copy(update={"trial": whole.get(citation.trial, citation.trial)})
        for citation in manifest.citations
    )
    return manifest.model_copy(update={"citations": cited})


def subject_line(kinds: tuple[Kind, ...], subject: str) -> str:
    return f"{'+'.join(kinds)}: {subject[:1].lower()}{subject[1:]}".rstrip(".")


def copy_mounts(source: Path, target: Path) -> None:
    """Make the seven mounts in `target` the same as in `source`. No other process may write in either."""
    target.mkdir(parents=True, exist_ok=True)
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
