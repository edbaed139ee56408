"""Which traces lie below some paths. Only the beginning of each file is read, as far as it names a task."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from ahe.debug.readers import claude_code, files, trials
from ahe.debug.readers.files import HEAD
from ahe.debug.readers.read import FileType, NotATrace, Source, find_task, read, sniff
from ahe.debug.readers.trace import Damage, Trace


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that is not a trace of its own, and why."""

    path: str
    why: str


_IGNORED = frozenset(("node_modules", "__pycache__", "venv"))
_ORDER = ("atif", "nexau", "claude-code", "codex", "swe-agent", "mini-swe-agent", "openai-chat")
_UNSAFE = re.compile(r"[^\w./@+=,~-]+")
_PLACES = ("agent", "sessions", "agent-logs", "steps")


def find(paths: Sequence[Path], skipped: list[Skipped] | None = None) -> list[Source]:
    """The traces in `paths`, files and folders, by task, attempt and id; equal for any order of paths.

    A trial's folder is one trace, whatever files are in it. What is not a trace goes to `skipped`.
    """
    search = _Search([] if skipped is None else skipped)
    for root in sorted({Path(path) for path in paths}):
        search.root(root)
    return search.finish()


def trial_source(folder: Path, info: trials.TrialInfo) -> Source:
    """The source of a trial's folder: the best of the files that have its steps."""
    path, kind, more = _steps(folder)
    task = info.task or (find_task(path, kind, files.WHOLE) if path else "") or info.id
    return Source(
        path=str(path) if path else "",
        format=kind.format,
        id=_fit(info.id),
        task=task,
        shape=kind.shape,
        trial=str(folder),
        more=tuple(str(each) for each in more),
        status=info.status,
        attempt=info.attempt,
        size=path.stat().st_size if path else 0,
    )


def read_trial(folder: Path) -> Trace:
    """The trace of a trial's folder, whatever of it is there. Never raises for what is in it."""
    info = trials.info(folder) or trials.TrialInfo(task="", id=folder.name)
    return read(trial_source(folder, info))


def _steps(folder: Path) -> tuple[Path | None, FileType, list[Path]]:
    """The file with the steps of a trial, and those of its sub-agents."""
    for place in (folder / "trajectory.json", folder / "agent" / "trajectory.json"):
        if place.is_file():
            others = sorted(place.parent.glob("trajectory.*.json"))
            return place, FileType("atif", "document"), others
    places = [folder / name for name in _PLACES if (folder / name).is_dir()]
    found: list[tuple[tuple[int, bool, str], Path, FileType]] = []
    for path in sorted(path for place in places for path in place.rglob("*") if path.is_file()):
        kind = _sniffed(path, given=False)
        if isinstance(kind, FileType) and kind.shape != "many" and not path.name.startswith("tests."):
            rank = _ORDER.index(kind.format) if kind.format in _ORDER else len(_ORDER)
            found.append(((rank, kind.shape == "text" or path.suffix == ".txt", str(path)), path, kind))
    asides = [path for _, path, kind in found if kind.format == "claude-code" and _parent_session(path)]
    found = sorted((each for each in found if each[1] not in asides), key=lambda each: each[0])
    if not found:
        return None, FileType("", "document"), []
    return found[0][1], found[0][2], asides if found[0][2].format == "claude-code" else []


def _sniffed(path: Path, given: bool) -> FileType | NotATrace:
    try:
        with path.open("rb") as file:
            return sniff(file.read(HEAD), path.name, given)
    except OSError as error:
        return NotATrace(f"cannot be read: {error.strerror or error}")


def _parent_session(path: Path) -> str:
    return claude_code.parent_session(files.content(path, "lines", files.WHOLE, [], limit=HEAD))


def _fit(name: str) -> str:
    """The name with nothing in it that a pointer could not hold."""
    return _UNSAFE.sub("_", name) or "trace"


class _Search:
    def __init__(self, skipped: list[Skipped]) -> None:
        self.skipped = skipped
        self.found: dict[tuple[str, int], tuple[Source, str]] = {}  # by place: with the root's name
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
            folder = folder / "trials"  # beside it lie harnesses, reports and boxes at work
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
        base = Source(str(path), kind.format, name, "", shape=kind.shape)
        if kind.shape != "many":
            task = find_task(path, kind, base.span)
            self._add(replace(base, task=task, size=path.stat().st_size), root.name)
            return
        damage: list[Damage] = []
        places = files.spans(path, damage)
        self.skipped.extend(Skipped(each.where, each.what) for each in damage)
        for number, span in enumerate(places, start=1):
            one = FileType(kind.format, "document")
            label = f"{name}-{number:0{len(str(len(places)))}d}"
            task = find_task(path, one, span)
            part = replace(base, id=label, task=task, shape="document", span=span, size=span[1] - span[0])
            self._add(part, root.name)

    def _add(self, source: Source, root: str) -> None:
        place = os.path.realpath(source.trial or source.path)
        self.found.setdefault((place, source.span[0]), (source, root))

    def finish(self) -> list[Source]:
        """Sub-agents go to their sessions, logs to what they are logs of; names become unique."""
        found = self._without_logs(self._gathered())
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
            sources.append(self._scored(replace(source, id=unique)))
        return sorted(sources, key=lambda source: (source.task, source.attempt, source.id))

    def _gathered(self) -> list[tuple[Source, str]]:
        paths = {source.path for source, _ in self.found.values()}
        parents: dict[str, list[str]] = {}
        for source, _ in self.found.values():
            path = Path(source.path)
            if source.format != "claude-code" or source.trial or not (session := _parent_session(path)):
                continue
            main = next(
                (
                    str(each / f"{session}.jsonl")
                    for each in path.parents
                    if str(each / f"{session}.jsonl") in paths - {source.path}
                ),
                "",
            )
            if main:
                parents.setdefault(main, []).append(source.path)
        gone = {path for many in parents.values() for path in many}
        return [
            (replace(source, more=tuple(sorted(parents.get(source.path, source.more)))), root)
            for source, root in self.found.values()
            if source.trial or source.path not in gone
        ]

    def _without_logs(self, found: list[tuple[Source, str]]) -> list[tuple[Source, str]]:
        """A log that lies beside the trace of the same name, or above trials, tells nothing of its own."""
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

    def _scored(self, source: Source) -> Source:
        if source.trial or source.status != "unknown":
            return source
        alone = self._inhabitants[Path(source.path).parent] == 1
        return replace(source, status=self.scores.of(Path(source.path), source.task, alone))

    @cached_property
    def _inhabitants(self) -> Counter[Path]:
        """How many sources lie in each folder."""
        return Counter(Path(source.path).parent for source, _ in self.found.values())
