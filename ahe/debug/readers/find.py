"""Finds the traces below some paths. Of each file only the beginning is read, until it names a task."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ahe.debug.readers import claude_code, files, packed, trials
from ahe.debug.readers.files import HEAD
from ahe.debug.readers.read import (
    RANK,
    SCREENS,
    FileType,
    NotATrace,
    Source,
    drafted,
    identified,
    read,
    sniff,
)
from ahe.debug.readers.trace import Damage, Trace


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not read as a trace, and why. `notable`: it may be a trace in a form that is not known."""

    path: str
    why: str
    notable: bool = False


_IGNORED = frozenset(("node_modules", "__pycache__", "venv"))
_UNSAFE = re.compile(r"[^\w./@+=,~-]+")
_PLACES = ("agent", "sessions", "agent-logs", "steps")
_TELLING = ("cannot be read", "a SQLite database")
_LIKELY = re.compile(
    r"\.(?:jsonl|traj|cast|gz|zst|eval)$|sess|traj|chat|conv|rollout|transcript|messages", re.IGNORECASE
)
"""Names of files that would be traces if their form were known."""
_CHECKPOINT = re.compile(r"checkpoint-.{0,200}\.json|checkpoints")
"""Gemini CLI's copies of sessions, beside its `chats`."""
_COMPARED = 8
"""The largest recordings with the same beginning, with which each other one is compared."""
_EVENT = re.compile(r"(?:event-)?\d{1,9}\b.{0,80}\.json")
_RICHER = 1.25
"""How many times as many calls and results another recording of a trial must hold to be preferred to ATIF."""


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
    source = replace(
        _steps(folder),
        id=_UNSAFE.sub("_", info.id) or "trace",
        task=info.task,
        trial=str(folder),
        status=info.status,
        attempt=info.attempt,
    )
    task = source.task or (identified(source).task if source.path else "") or info.id
    return replace(source, task=task)


def read_trial(folder: Path) -> Trace:
    """The trace of a trial folder, as far as it exists. Never raises because of its contents."""
    info = trials.info(folder) or trials.TrialInfo(task="", id=folder.name)
    return read(trial_source(folder, info))


def _steps(folder: Path) -> Source:
    """The recording of a trial with the most calls and results, and the files of its sub-agents."""
    if (folder / "trajectory.json").is_file():
        return _atif(folder / "trajectory.json")
    found: list[Source] = []
    for place in (folder / name for name in _PLACES if (folder / name).is_dir()):
        for path in sorted(path for path in place.rglob("*") if path.is_file()):
            kind = _sniffed(path, given=False)
            if not isinstance(kind, FileType) or kind.shape == "many" or path.name.startswith("tests."):
                continue
            atif = kind.format == "atif" and path.name.startswith("trajectory.")
            if atif and path == place / "trajectory.json":
                found.append(_atif(path))
            elif not atif:
                found.append(Source(str(path), kind.format, "", "", kind.shape, size=path.stat().st_size))
    helpers = [
        each.path for each in found if each.format == "claude-code" and _parent_session(Path(each.path))
    ]
    mains = [each for each in found if each.path not in helpers]
    structured = [each for each in mains if each.format not in SCREENS] or mains
    best = min(
        structured, key=lambda each: (RANK[each.format], each.path.endswith(".txt"), each.path), default=None
    )
    if best is None:
        return Source("", "", "", "")
    if len(structured) > 1 and best.format not in SCREENS:
        counts = [(_richness(each), each) for each in structured]
        most, richest = max(counts, key=lambda pair: pair[0])
        best = richest if most > _RICHER * _richness(best) else best
    return replace(best, more=best.more or tuple(helpers if best.format == "claude-code" else ()))


def _atif(path: Path) -> Source:
    more = tuple(str(each) for each in sorted(path.parent.glob("trajectory.*.json")))
    return Source(str(path), "atif", "", "", more=more, size=path.stat().st_size)


def _richness(source: Source) -> int:
    texts = [text for step in drafted(source).steps for text in step.texts]
    return sum(text.channel in ("call", "result", "error") and bool(text.text) for text in texts)


def _sniffed(path: Path, given: bool) -> FileType | NotATrace:
    if packed.members(path):
        return FileType("inspect", "many")
    try:
        with packed.open_bytes(path, limit=HEAD) as file:
            return sniff(file.read(HEAD), path.name.removesuffix(".gz").removesuffix(".zst"), given)
    except OSError as error:
        return NotATrace(f"cannot be read: {error.strerror or error}")


def _parent_session(path: Path) -> str:
    return claude_code.parent_session(files.content(path, "lines", files.WHOLE, [], limit=HEAD))


class _Search:
    """One search through some paths. Call `root` for each, then `finish`."""

    def __init__(self, skipped: list[Skipped]) -> None:
        self.skipped = skipped
        # source and root name by (file or folder, first byte), so that no trace counts twice
        self.found: dict[tuple[str, int], tuple[Source, str]] = {}
        self.scores = trials.Scores()
        self.seen: set[str] = set()

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
        real = os.path.realpath(folder)
        if real in self.seen:
            return  # a link to a folder that is read itself
        self.seen.add(real)
        info = trials.info(folder)
        if info is not None:
            self._add(trial_source(folder, info), root.name)
            return
        if (folder / "ahe.sqlite").is_file() and (folder / "trials").is_dir():
            folder = folder / "trials"  # beside it are harnesses, reports and sandboxes in use
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: (entry.is_symlink(), entry.name))
        except OSError as error:
            self.skipped.append(
                Skipped(str(folder), f"cannot be read: {error.strerror or error}", notable=True)
            )
            return
        if kind := _events(folder, [entry.name for entry in entries]):
            self._take(Source(str(folder), kind, self._name(folder, root), "", shape="folder"), root)
            return
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith(".") or entry.name in _IGNORED or _is_store(path):
                continue
            if _CHECKPOINT.fullmatch(entry.name) and (folder / "chats").is_dir():
                self.skipped.append(Skipped(str(path), "checkpoints of sessions"))
                continue
            if entry.is_dir():
                self._folder(path, root)
            elif entry.is_file():
                self._file(path, root, given=False)
            elif entry.is_symlink():
                self.skipped.append(Skipped(str(path), "a link to nothing", notable=True))

    def _file(self, path: Path, root: Path, given: bool) -> None:
        kind = _sniffed(path, given)
        if isinstance(kind, NotATrace):
            scores = self.scores.take(path)
            notable = kind.why.startswith(_TELLING) or (
                _LIKELY.search(path.name) and not kind.why.startswith("empty")
            )
            self.skipped.append(
                Skipped(str(path), "scores" if scores else kind.why, bool(notable) and not scores)
            )
            return
        size = path.stat().st_size
        whole = Source(str(path), kind.format, self._name(path, root), "", shape=kind.shape, size=size)
        for source in self._split(whole) if kind.shape == "many" else [whole]:
            self._take(source, root)

    def _name(self, path: Path, root: Path) -> str:
        name = path.name if path.is_dir() else files.stem(path)
        return _UNSAFE.sub("_", (path.relative_to(root).parent / name).as_posix()) or "trace"

    def _split(self, whole: Source) -> list[Source]:
        """The numbered traces of a file that holds many."""
        path, one = Path(whole.path), replace(whole, shape="document")
        if members := packed.members(path):
            return [
                replace(one, path=str(each), id=f"{whole.id}/{_UNSAFE.sub('_', files.stem(each))}", size=size)
                for each, size in members
            ]
        damage: list[Damage] = []
        spans = files.spans(path, damage)
        self.skipped.extend(Skipped(each.where, each.what, notable=True) for each in damage)
        digits = len(str(len(spans)))
        return [
            replace(one, id=f"{whole.id}-{number:0{digits}d}", span=span, size=span[1] - span[0])
            for number, span in enumerate(spans, start=1)
        ]

    def _take(self, source: Source, root: Path) -> None:
        self._add(identified(source), root.name)

    def _add(self, source: Source, root: str) -> None:
        place = os.path.realpath(source.trial or source.path)
        self.found.setdefault((place, source.span[0]), (source, root))

    def finish(self) -> list[Source]:
        """Join sub-agents to their sessions, drop copies, make names unique and look up verdicts."""
        found = self._without_copies(self._without_logs(self._gathered()))
        crowd = Counter(Path(source.path).parent for source, _ in self.found.values())
        roots: dict[str, set[str]] = {}
        for source, root in found:
            roots.setdefault(source.id, set()).add(root)
        sources: list[Source] = []
        taken: set[str] = set()
        for source, root in sorted(found, key=lambda pair: (pair[0].trial or pair[0].path, pair[0].span)):
            name = (
                source.id
                if len(roots[source.id]) == 1 or not root
                else f"{_UNSAFE.sub('_', root)}/{source.id}"
            )
            unique, number = name, 2
            while unique in taken:
                unique, number = f"{name}~{number}", number + 1
            taken.add(unique)
            path, status = Path(source.path), source.status
            alone = not source.trial and crowd[path.parent] == 1 and source.shape != "folder"
            if not source.trial and status == "unknown":
                status = self.scores.of(path, source.task, alone)
            sources.append(replace(source, id=unique, status=status, alone=alone))
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
        """Drop screens that repeat traces: named like one beside them, alone beside the only one, or above trials."""
        beside: dict[Path, list[str]] = {}
        for source, _ in found:
            if source.format not in SCREENS and source.path and source.shape != "folder":
                beside.setdefault(Path(source.path).parent, []).append(f"{files.stem(Path(source.path))}.")
        above = {parent for source, _ in found if source.trial for parent in Path(source.trial).parents}
        kept = []
        for source, root in found:
            path = Path(source.path)
            named = beside.get(path.parent, [])
            copy = path.name.startswith(tuple(named)) or len(named) == 1 or path.parent in above
            if source.format in SCREENS and not source.trial and copy:
                self.skipped.append(Skipped(source.path, "a log of traces that are read themselves"))
            else:
                kept.append((source, root))
        return kept

    def _without_copies(self, found: list[tuple[Source, str]]) -> list[tuple[Source, str]]:
        """Drop sessions that another file repeats: the same session, or its beginning before it was resumed."""
        dropped: set[int] = set()
        for key in ("session", "start"):
            groups: dict[str, list[Source]] = {}
            for source, _ in found:
                if getattr(source, key) and not source.trial and id(source) not in dropped:
                    groups.setdefault(f"{source.format} {getattr(source, key)}", []).append(source)
            for group in groups.values():
                group.sort(key=lambda each: (-each.size, each.path))
                for at, source in enumerate(group[1:], start=1):
                    others = group[: min(at, _COMPARED)]
                    same = (each for each in others if key == "session" or _begins(each, source))
                    fuller = next(same, None)
                    if fuller is not None:
                        dropped.add(id(source))
                        self.skipped.append(Skipped(source.path, f"a copy of {fuller.path}, which is read"))
        return [pair for pair in found if id(pair[0]) not in dropped]


def _begins(longer: Source, shorter: Source) -> bool:
    """Whether the longer recording begins with the shorter one."""
    first, second = ([step.raw for step in drafted(each).steps] for each in (longer, shorter))
    return len(second) > 1 and first[: len(second)] == second


def _events(folder: Path, names: list[str]) -> str:
    """The format of a folder that is one trace: events of OpenHands, or the messages of a session of opencode."""
    found = [name for name in names if name.endswith(".json")]
    if folder.name == "events" and found and all(_EVENT.fullmatch(name) for name in found[:50]):
        return "openhands"
    return "opencode" if folder.parent.name == "message" and found and found[0].startswith("msg_") else ""


def _is_store(path: Path) -> bool:
    """Whether a folder belongs to opencode's storage besides the messages, which lead to the parts."""
    return path.name in ("part", "session", "session_diff", "project") and (path.parent / "message").is_dir()
