"""Finds the traces below some paths. Of each file only the beginning is read, until it names a task."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ahe.debug.readers import claude_code, files, trials
from ahe.debug.readers.files import HEAD
from ahe.debug.readers.read import RANK, FileType, NotATrace, Source, find_task, read, sniff
from ahe.debug.readers.trace import Damage, Trace


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not read as a trace, and why."""

    path: str
    why: str


_IGNORED = frozenset(("node_modules", "__pycache__", "venv"))
_UNSAFE = re.compile(r"[^\w./@+=,~-]+")
_PLACES = ("agent", "sessions", "agent-logs", "steps")


def find(paths: Sequence[Path], skipped: list[Skipped] | None = None) -> list[Source]:
    """The traces in `paths` (files and folders) by task, attempt and id; independent of the order of paths.

    A trial folder is one trace, whatever files it has. Other files are added to `skipped`.
    """
    search = _Search([] if skipped is None else skipped)
    for root in sorted({Path(path) for path in paths}):
        search.root(root)
    return search.finish()


def trial_source(folder: Path, info: trials.TrialInfo) -> Source:
    """The source of a trial folder, with the best of the files that hold its steps."""
    path, kind, more = _steps(folder)
    source = Source(
        path=str(path) if path else "",
        format=kind.format,
        id=_fit(info.id),
        task=info.task,
        shape=kind.shape,
        trial=str(folder),
        more=tuple(str(each) for each in more),
        status=info.status,
        attempt=info.attempt,
        size=path.stat().st_size if path else 0,
    )
    return replace(source, task=info.task or (find_task(source) if path else "") or info.id)


def read_trial(folder: Path) -> Trace:
    """The trace of a trial folder, as far as it exists. Never raises because of its contents."""
    info = trials.info(folder) or trials.TrialInfo(task="", id=folder.name)
    return read(trial_source(folder, info))


def _steps(folder: Path) -> tuple[Path | None, FileType, list[Path]]:
    """The file with the steps of a trial, and the files of its sub-agents."""
    for place in (folder / "trajectory.json", folder / "agent" / "trajectory.json"):
        if place.is_file():
            others = sorted(place.parent.glob("trajectory.*.json"))
            return place, FileType("atif", "document"), others
    places = [folder / name for name in _PLACES if (folder / name).is_dir()]
    found: list[tuple[Path, FileType]] = []
    for path in sorted(path for place in places for path in place.rglob("*") if path.is_file()):
        kind = _sniffed(path, given=False)
        if isinstance(kind, FileType) and kind.shape != "many" and not path.name.startswith("tests."):
            found.append((path, kind))
    helpers = [path for path, kind in found if kind.format == "claude-code" and _parent_session(path)]
    mains = [(path, kind) for path, kind in found if path not in helpers]
    if not mains:
        return None, FileType("", "document"), []
    path, kind = min(mains, key=lambda pair: (RANK[pair[1].format], pair[0].suffix == ".txt", str(pair[0])))
    return path, kind, helpers if kind.format == "claude-code" else []


def _sniffed(path: Path, given: bool) -> FileType | NotATrace:
    try:
        with path.open("rb") as file:
            return sniff(file.read(HEAD), path.name, given)
    except OSError as error:
        return NotATrace(f"cannot be read: {error.strerror or error}")


def _parent_session(path: Path) -> str:
    return claude_code.parent_session(files.content(path, "lines", files.WHOLE, [], limit=HEAD))


def _fit(name: str) -> str:
    """The name without characters that a pointer cannot contain."""
    return _UNSAFE.sub("_", name) or "trace"


class _Search:
    """One search through some paths. Call `root` for each, then `finish`."""

    def __init__(self, skipped: list[Skipped]) -> None:
        self.skipped = skipped
        # source and root name by (file or folder, first byte), so that no trace counts twice
        self.found: dict[tuple[str, int], tuple[Source, str]] = {}
        self.scores = trials.Scores()

    def root(self, root: Path) -> None:
        if root.is_dir():
            self._folder(root, root)
            return
        if not root.is_file():
            self.skipped.append(Skipped(str(root), "there is no such file"))
            return
        for folder in list(root.absolute().parents)[:3]:
            info = trials.info(folder)
            if info is not None:
                self._add(trial_source(folder, info), "")
                return
        self._file(root, root.parent, given=True)

    def _folder(self, folder: Path, root: Path) -> None:
        info = trials.info(folder)
        if info is not None:
            self._add(trial_source(folder, info), root.name)
            return
        if (folder / "ahe.sqlite").is_file() and (folder / "trials").is_dir():
            folder = folder / "trials"  # beside it are harnesses, reports and sandboxes in use
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError as error:
            self.skipped.append(Skipped(str(folder), f"cannot be read: {error.strerror or error}"))
            return
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith(".") or entry.name in _IGNORED:
                continue
            if entry.is_dir(follow_symlinks=False):
                self._folder(path, root)
            elif entry.is_file():
                self._file(path, root, given=False)

    def _file(self, path: Path, root: Path, given: bool) -> None:
        kind = _sniffed(path, given)
        if isinstance(kind, NotATrace):
            why = "scores" if self.scores.take(path) else kind.why
            self.skipped.append(Skipped(str(path), why))
            return
        name = _fit((path.relative_to(root).parent / files.stem(path)).as_posix())
        whole = Source(str(path), kind.format, name, "", shape=kind.shape, size=path.stat().st_size)
        for source in self._split(whole) if kind.shape == "many" else [whole]:
            self._add(replace(source, task=find_task(source)), root.name)

    def _split(self, whole: Source) -> list[Source]:
        """The numbered traces of a file that holds many."""
        damage: list[Damage] = []
        spans = files.spans(Path(whole.path), damage)
        self.skipped.extend(Skipped(each.where, each.what) for each in damage)
        digits = len(str(len(spans)))
        return [
            replace(
                whole,
                id=f"{whole.id}-{number:0{digits}d}",
                shape="document",
                span=span,
                size=span[1] - span[0],
            )
            for number, span in enumerate(spans, start=1)
        ]

    def _add(self, source: Source, root: str) -> None:
        place = os.path.realpath(source.trial or source.path)
        self.found.setdefault((place, source.span[0]), (source, root))

    def finish(self) -> list[Source]:
        """Join sub-agents to their sessions, drop logs of other traces, make names unique and look up verdicts."""
        found = self._without_logs(self._gathered())
        crowd = Counter(Path(source.path).parent for source, _ in self.found.values())
        roots: dict[str, set[str]] = {}
        for source, root in found:
            roots.setdefault(source.id, set()).add(root)
        sources: list[Source] = []
        taken: set[str] = set()
        for source, root in sorted(found, key=lambda pair: (pair[0].trial or pair[0].path, pair[0].span)):
            name = source.id if len(roots[source.id]) == 1 or not root else f"{_fit(root)}/{source.id}"
            unique, number = name, 2
            while unique in taken:
                unique, number = f"{name}~{number}", number + 1
            taken.add(unique)
            path, status = Path(source.path), source.status
            if not source.trial and status == "unknown":
                status = self.scores.of(path, source.task, alone=crowd[path.parent] == 1)
            sources.append(replace(source, id=unique, status=status))
        return sorted(sources, key=lambda source: (source.task, source.attempt, source.id))

    def _gathered(self) -> list[tuple[Source, str]]:
        """The sources found; sub-agent files of Claude Code are moved into `more` of their session's source."""
        paths = {source.path for source, _ in self.found.values()}
        helpers: dict[str, list[str]] = {}
        for source, _ in self.found.values():
            path = Path(source.path)
            if source.format != "claude-code" or source.trial or not (session := _parent_session(path)):
                continue
            above = (str(folder / f"{session}.jsonl") for folder in path.parents)
            main = next((each for each in above if each in paths and each != source.path), "")
            if main:
                helpers.setdefault(main, []).append(source.path)
        taken = {path for many in helpers.values() for path in many}
        return [
            (replace(source, more=tuple(sorted(helpers.get(source.path, source.more)))), root)
            for source, root in self.found.values()
            if source.trial or source.path not in taken
        ]

    def _without_logs(self, found: list[tuple[Source, str]]) -> list[tuple[Source, str]]:
        """Drop logs that repeat traces: next to a trace of the same name, or in a folder above trials."""
        named: dict[Path, set[str]] = {}
        for source, _ in found:
            if source.shape != "text" and source.path:
                path = Path(source.path)
                named.setdefault(path.parent, set()).add(f"{files.stem(path)}.")
        above = {parent for source, _ in found if source.trial for parent in Path(source.trial).parents}
        kept = []
        for source, root in found:
            path = Path(source.path)
            beside = tuple(named.get(path.parent, ()))
            log = source.format == "terminal" and not source.trial
            if log and (path.name.startswith(beside) or path.parent in above):
                self.skipped.append(Skipped(source.path, "a log of traces that are read themselves"))
            else:
                kept.append((source, root))
        return kept
