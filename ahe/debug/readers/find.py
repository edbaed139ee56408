"""Finds the traces below some paths. Of each file only the beginning is read, until it names a task."""

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ahe.debug.readers import files, packed, trials
from ahe.debug.readers.formats import SCREENS, sniff
from ahe.debug.readers.read import UNSAFE, Source, drafted, identified, trial_source
from ahe.debug.readers.trace import Damage


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that was not read as a trace, and why. `notable`: it may be a trace in a form that is not known."""

    path: str
    why: str
    notable: bool = False


_IGNORED = frozenset(("node_modules", "__pycache__", "venv"))
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


def find(paths: Sequence[Path], skipped: list[Skipped] | None = None) -> list[Source]:
    """The traces in `paths` (files and folders) by task, attempt and id; independent of the order of paths.

    A trial folder is one trace, whatever files it has. Other files are added to `skipped`.
    """
    search = _Search([] if skipped is None else skipped)
    for root in sorted({Path(path) for path in paths}):
        search.root(root)
    return search.finish()


class _Search:
    """One search through some paths. Call `root` for each, then `finish`."""

    def __init__(self, skipped: list[Skipped]) -> None:
        self.skipped = skipped
        self.found: dict[tuple[str, int], Source] = {}  # by file or folder and first byte: none counts twice
        self.scores = trials.Scores()
        self.seen: set[str] = set()

    def root(self, root: Path) -> None:
        if root.is_dir():
            self._folder(root, root)
            return
        if not root.is_file():
            self._skip(root, "there is no such file")
            return
        for folder in list(root.absolute().parents)[:3]:
            if info := trials.info(folder):
                self._add(trial_source(folder, info), "")
                return
        self._file(root, root.parent, given=True)

    def _skip(self, path: Path | str, why: str, notable: bool = False) -> None:
        self.skipped.append(Skipped(str(path), why, notable))

    def _folder(self, folder: Path, root: Path) -> None:
        real = os.path.realpath(folder)
        if real in self.seen:
            return  # a link to a folder that is read itself
        self.seen.add(real)
        if info := trials.info(folder):
            self._add(trial_source(folder, info), root.name)
            return
        if (folder / "ahe.sqlite").is_file() and (folder / "trials").is_dir():
            folder = folder / "trials"  # beside it are harnesses, reports and sandboxes in use
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: (entry.is_symlink(), entry.name))
        except OSError as error:
            self._skip(folder, f"cannot be read: {error.strerror or error}", notable=True)
            return
        if kind := _events(folder, [entry.name for entry in entries]):
            self._add(identified(Source(str(folder), kind, "folder", self._name(folder, root))), root.name)
            return
        for entry in entries:
            path = folder / entry.name
            if entry.name.startswith(".") or entry.name in _IGNORED or _is_store(path):
                continue
            if _CHECKPOINT.fullmatch(entry.name) and (folder / "chats").is_dir():
                self._skip(path, "checkpoints of sessions")
            elif entry.is_dir():
                self._folder(path, root)
            elif entry.is_file():
                self._file(path, root, given=False)
            elif entry.is_symlink():
                self._skip(path, "a link to nothing", notable=True)

    def _file(self, path: Path, root: Path, given: bool) -> None:
        kind = sniff(path, given)
        if isinstance(kind, str):
            if self.scores.take(path):
                self._skip(path, "scores")
            else:
                likely = _LIKELY.search(path.name) and not kind.startswith("empty")
                self._skip(path, kind, notable=bool(likely) or kind.startswith(_TELLING))
            return
        whole = Source(str(path), *kind, id=self._name(path, root), size=path.stat().st_size)
        for source in self._split(whole) if whole.shape in files.SHARED else [whole]:
            self._add(identified(source), root.name)

    def _name(self, path: Path, root: Path) -> str:
        name = path.name if path.is_dir() else files.stem(path)
        return UNSAFE.sub("_", (path.relative_to(root).parent / name).as_posix()) or "trace"

    def _split(self, whole: Source) -> list[Source]:
        """The numbered traces of a file that holds many."""
        path, one = Path(whole.path), replace(whole, shape="document")
        if whole.shape == "archive":
            return [
                replace(one, path=str(each), id=f"{whole.id}/{UNSAFE.sub('_', files.stem(each))}", size=size)
                for each, size in packed.members(path)
            ]
        damage: list[Damage] = []
        spans = (files.rows if whole.shape == "rows" else files.elements)(path, damage)
        for each in damage:
            self._skip(each.where, each.what, notable=True)
        digits = len(str(len(spans)))
        return [
            replace(one, id=f"{whole.id}-{number:0{digits}d}", span=span, size=span[1] - span[0])
            for number, span in enumerate(spans, start=1)
        ]

    def _add(self, source: Source, root: str) -> None:
        place = os.path.realpath(source.trial or source.path), source.span[0]
        self.found.setdefault(place, replace(source, root=root))

    def finish(self) -> list[Source]:
        """Join sub-agents to their sessions, drop copies, make names unique and look up verdicts."""
        found = self._without_copies(self._without_logs(self._gathered()))
        crowd = Counter(Path(source.path).parent for source in self.found.values())
        roots = Counter(id for id, _ in {(source.id, source.root) for source in found})
        sources: dict[str, Source] = {}
        for source in sorted(found, key=lambda source: (source.trial or source.path, source.span)):
            above = f"{UNSAFE.sub('_', source.root)}/" if roots[source.id] > 1 and source.root else ""
            unique, number = f"{above}{source.id}", 2
            while unique in sources:
                unique, number = f"{above}{source.id}~{number}", number + 1
            path, status = Path(source.path), source.status
            alone = not source.trial and crowd[path.parent] == 1 and source.shape != "folder"
            if not source.trial and status == "unknown":
                status = self.scores.of(path, source.task, alone)
            sources[unique] = replace(source, id=unique, status=status, alone=alone, root="")
        return sorted(sources.values(), key=lambda source: (source.task, source.attempt, source.id))

    def _gathered(self) -> list[Source]:
        """The sources found; sub-agent files of Claude Code are moved into `more` of their session's source."""
        paths = {source.path for source in self.found.values()}
        helpers: dict[str, list[str]] = {}
        for source in self.found.values():
            above = [str(folder / f"{source.parent}.jsonl") for folder in Path(source.path).parents]
            main = next((each for each in above if each in paths and each != source.path), "")
            if main and source.parent and not source.trial:
                helpers.setdefault(main, []).append(source.path)
        taken = {path for many in helpers.values() for path in many}
        return [
            replace(source, more=tuple(sorted(helpers.get(source.path, source.more))))
            for source in self.found.values()
            if source.trial or source.path not in taken
        ]

    def _without_logs(self, found: list[Source]) -> list[Source]:
        """Drop screens that repeat traces: named like one beside them, alone beside the only one, or above trials."""
        beside: dict[Path, list[str]] = {}
        for source in found:
            if source.format not in SCREENS and source.path and source.shape != "folder":
                beside.setdefault(Path(source.path).parent, []).append(f"{files.stem(Path(source.path))}.")
        above = {parent for source in found if source.trial for parent in Path(source.trial).parents}
        kept = []
        for source in found:
            path = Path(source.path)
            named = beside.get(path.parent, [])
            copy = path.name.startswith(tuple(named)) or len(named) == 1 or path.parent in above
            if source.format in SCREENS and not source.trial and copy:
                self._skip(path, "a log of traces that are read themselves")
            else:
                kept.append(source)
        return kept

    def _without_copies(self, found: list[Source]) -> list[Source]:
        """Drop what a larger file repeats: the same session, or its beginning before it was resumed under a new id."""
        kept: list[Source] = []
        larger: dict[tuple[str, str], list[Source]] = {}
        for source in sorted(found, key=lambda source: (-source.size, source.path, source.span)):
            keys = [
                (source.format, key) for key in (source.session, source.start) if key and not source.trial
            ]
            alike = [each for key in keys for each in larger.get(key, [])[:_COMPARED]]
            same = (each for each in alike if each.session == source.session != "" or _begins(each, source))
            if fuller := next(same, None):
                self._skip(source.path, f"a copy of {fuller.path}, which is read")
                continue
            kept.append(source)
            for key in keys:
                larger.setdefault(key, []).append(source)
        return kept


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
