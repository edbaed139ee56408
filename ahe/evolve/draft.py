"""A change before it is a commit: a copy of the harness to edit, its manifest, and the checks of both.

The copy has no `.git`: if the evolver could rewrite that file, it could make the host run git on any repository. What
the evolver hands in is copied once, to where only the host can write: its processes may still be changing the draft.
That copy is checked, tried in the box, and committed in git's worktree.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ahe.agents.answering import Refused
from ahe.debug.ask.citations import CitationChecker
from ahe.debug.readers.read import read_trial
from ahe.debug.readers.trace import full_ids
from ahe.evolve.replay import Replay, sample
from ahe.files import copy_tree, remove_tree
from ahe.harness.layout import FILES, FOLDERS, Problem, classify, counts
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


@dataclass
class Draft:
    """The draft of one brief: `folder` is the evolver's copy of the harness, `commits` are those made of it so far.

    `worktree` is git's, out of the evolver's reach. `evolver` and `strategy` are written to each commit. `replay` also
    checks what changes middleware against the rollouts that passed.
    """

    worktree: Path
    folder: Path
    brief: Brief
    history: History
    preflight: Preflight
    check_in_box: CheckInBox
    evolver: str
    strategy: str
    replay: Replay | None = None
    commits: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Set the draft back to the last commit."""
        copy_mounts(self.worktree, self.folder)

    async def commit(self, manifest: Manifest, play: str = "", source: str = "") -> str:
        """Check the draft with its manifest and commit it; returns the commit's id. Raises `Refused`.

        `play` is the play of the playbook that it comes from, `<name>@<digest>`, `source` the document.
        """
        held = self.folder.with_name("handed-in")
        try:
            return await self._commit(manifest, held, play, source)
        finally:
            await asyncio.to_thread(remove_tree, held)

    async def _commit(self, manifest: Manifest, held: Path, play: str, source: str) -> str:
        if len(self.commits) >= self.brief.changes:
            raise Refused([f"this iteration takes no more than {self.brief.changes} changes"])
        left_out = await asyncio.to_thread(copy_tree, self.folder, held)
        evidence = self.brief.evidence
        trials = frozenset(trial.id for trial in evidence.trials)
        whole = full_ids(trials)  # reports cite trials by short labels
        citations = tuple(
            citation.model_copy(update={"trial": whole.get(citation.trial, citation.trial)})
            for citation in manifest.citations
        )
        manifest = manifest.model_copy(update={"citations": citations})
        reasons = unfounded(
            manifest, Path(evidence.traces), trials, {trial.task for trial in evidence.trials}
        )
        reasons += [
            f"citations: what failed in {citation} is not the harness's to repair (residual): cite another failure"
            for citation in citations
            if citation.trial in self.brief.report.residual
        ]
        reasons += [f"{line}; a harness holds plain files [files]" for line in left_out[:SHOWN]]
        problems = self.preflight.check(held, self.worktree, manifest.action)
        if not problems and not left_out:
            touched = changed_kinds(self.worktree, held)
            reasons += self.brief.surfaces.refusals(touched)
            problems = await self.check_in_box(held)
            if self.replay and not problems and Kind.MIDDLEWARE in touched:
                passing = [Path(evidence.traces) / trial for trial in sample(evidence.trials)]
                problems = await self.replay(held, passing)
        reasons += [str(each) for each in problems if not (left_out and each.rule == "change")]
        if reasons:
            raise Refused(reasons)
        kinds = changed_kinds(self.worktree, held)
        subject = f"{'+'.join(kinds)}: {manifest.subject[:1].lower()}{manifest.subject[1:]}".rstrip(".")
        number = (self.brief.variant - 1) * self.brief.changes + len(self.commits) + 1
        change = Change(
            id=f"{self.brief.iteration:03d}-{number}",
            kinds=kinds,
            evolver=self.evolver,
            strategy=self.strategy,
            play=play,
            source=source,
            **{**dict(manifest), "subject": subject},
        )
        copy_mounts(held, self.worktree)
        self.commits.append(self.history.commit_draft(self.worktree, change))
        return self.commits[-1]


MakeDraft = Callable[[Path, Path, Brief], Draft]
"""Makes the draft of a brief from git's worktree and a new folder for the copy."""


@contextmanager
def drafted(
    history: History, make_draft: MakeDraft, scratch: Path, brief: Brief
) -> Iterator[tuple[Draft, Path]]:
    """A draft of HEAD for the brief, and a folder below `scratch` for an editor's files; both are removed then."""
    folder = scratch / f"evolve-{brief.label}"
    remove_tree(folder)
    folder.mkdir(parents=True)
    try:
        with history.draft(brief.head) as worktree:
            yield make_draft(worktree, folder / "draft", brief), folder
    finally:
        remove_tree(folder)


def unfounded(manifest: Manifest, traces: Path, trials: Collection[str], tasks: Collection[str]) -> list[str]:
    """Names and citations in the manifest that do not match the train traces in folder `traces`, one line each."""
    problems = [
        f"{field}: the train split has no task {name!r}; use the names that the report uses"
        for field, names in (("predicts", manifest.predicts), ("risks", manifest.risks))
        for name in names
        if name not in tasks
    ]
    cited = {citation.trial for citation in manifest.citations if citation.trial in trials}
    checker = CitationChecker({trial: read_trial(traces / trial) for trial in cited}, least=1)
    for citation in manifest.citations:
        if citation.trial not in cited:
            problems.append(
                f"citations: the evidence has no trial {citation.trial!r}; cite one that the report names"
            )
        elif problem := checker.problem(citation):
            problems.append(f"citations: {problem}")
    return problems


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
        classify(path) for path in paths if counts(path) and _bytes(before / path) != _bytes(after / path)
    }
    return tuple(kind for kind in Kind if kind in changed)


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None
