"""Reads a source as a `Trace`."""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ahe.debug.readers import files, trials
from ahe.debug.readers.draft import Draft
from ahe.debug.readers.files import HEAD, Shape, Span
from ahe.debug.readers.formats import READERS, SCREENS, sniff
from ahe.debug.readers.trace import Status, Trace

_SIZES = (HEAD, 1 << 20, 16 << 20)
"""Bytes that are read, one size after the other, until they name a task."""
_INSTANCE = re.compile(r"[\w.-]+__[\w.-]+-\d+")
_WORD = re.compile(r"[a-z0-9]+")
_TAG = re.compile(r"<[^<>]{1,80}>")
_LONG, _START = 80, 200
_PLACES = ("agent", "sessions", "agent-logs", "steps")
"""Folders of a trial that may hold its recordings."""
UNSAFE = re.compile(r"[^\w./@+=,~-]+")
"""What may not be in the name of a trace, which pointers contain."""


@dataclass(frozen=True, slots=True)
class Source:
    """A trace that was found but not yet read. Small and picklable.

    `path` is the file with the steps (empty if a trial has none), `span` the bytes of the trace in it, `trial` the
    folder of a trial, `more` the files of sub-agents, `size` the number of bytes to read. Sources with the same
    `session` or the same `start` (the time and the beginning of the first request) may be copies of one recording.
    `parent` is the session whose sub-agent this is, `root` the name of the folder that was searched. `alone` says that
    no other trace is in the file's folder, so that a verifier's files in it belong to this trace.
    """

    path: str
    format: str
    shape: Shape = "document"
    id: str = ""
    task: str = ""
    span: Span = files.WHOLE
    trial: str = ""
    more: tuple[str, ...] = ()
    status: Status = "unknown"
    attempt: int = 0
    size: int = 0
    session: str = ""
    start: str = ""
    parent: str = ""
    root: str = ""
    alone: bool = False


def drafted(source: Source, limit: int = 0) -> Draft:
    """What the files of a source say, without its trial folder; with a `limit`, only their first bytes."""
    draft = Draft(source.path or source.trial)
    for name in filter(None, (source.path, *source.more)):
        path, draft.subagent = Path(name), name != source.path
        if source.shape in ("lines", "folder"):
            values = files.records if source.shape == "lines" else files.folder
            value: Any = files.Stream(values, path, draft.damage, limit)
        else:
            one = files.text if source.shape == "text" else files.document
            span = files.WHOLE if draft.subagent else source.span
            value = one(path, draft.damage, span, limit or files.LIMIT)
        READERS[source.format][1](value, draft)
    return draft


def read(source: Source) -> Trace:
    """The trace of a source, completed by its trial folder, which takes precedence.

    Never raises because of the files' content: what could not be read is in `Trace.damage`.
    """
    draft = drafted(source)
    if not draft.count and not draft.damage:
        draft.add_damage("no messages in it" if source.path else "the trial has no trace")
    known = Trace(source.id, source.task, attempt=source.attempt, status=source.status)
    folder, path, verifier = Path(source.trial), Path(source.path), tuple(draft.verifier)
    if source.trial:
        known = trials.info(folder) or known
        for place, text in trials.events(folder, draft.damage):
            draft.attach(place - 1, text)
        verifier = (*trials.verifier(folder, draft.damage), *known.verifier)
    elif source.alone:
        verifier = (*trials.verifier(path.parent, draft.damage, files.stem(path)), *verifier)
    for step in known.steps:
        draft.add(step.source, step.texts)
    return replace(
        known,
        id=source.id,
        task=source.task,
        steps=draft.steps,
        status=known.status if known.status != "unknown" else draft.status,
        ended=known.ended or draft.ended,
        verifier=verifier,
        seconds=known.seconds or draft.seconds,
        tokens=known.tokens or draft.tokens,
        format=source.format,
        damage=(*draft.damage, *known.damage),
        started=draft.started and known.started,
        tools=draft.tools,
        partial=known.partial,
    )


def identified(source: Source) -> Source:
    """A foreign source with its task, its session, and with what copies of it have in common.

    The task is named in the trace, else derived from its first user message, else the file's name.
    """
    draft = Draft("")
    for limit in _SIZES:
        draft = drafted(source, limit)
        whole = (draft.task and len(draft.task) < HEAD // 2) or 0 <= draft.first_request[0] < draft.count - 1
        if source.size <= limit or whole:
            break
    stem = files.stem(Path(source.path))
    named = source.format in SCREENS or (source.format.endswith("swe-agent") and _INSTANCE.fullmatch(stem))
    _, said, time = draft.first_request
    return replace(
        source,
        task=stem if named else task_name(draft) or stem,
        session=draft.session,
        start=f"{time} {said[:_START]}" if time else "",
        parent=draft.parent,
    )


def task_name(draft: Draft) -> str:
    """The task that a foreign trace names, else a name derived from its first user message."""
    said = draft.task or draft.first_request[1]
    if draft.task and len(draft.task) <= _LONG and "\n" not in draft.task:
        return draft.task
    if not said.strip():
        return ""
    words = _WORD.findall(_TAG.sub(" ", said[:2_000]).lower())[:6]
    digest = hashlib.sha256(said.strip().encode("utf-8", "surrogateescape")).hexdigest()[:6]
    return f"{'-'.join(words)[:40].strip('-') or 'task'}-{digest}"


def trial_source(folder: Path, info: Trace) -> Source:
    """The source of a trial folder, with the best of the files that hold its steps; `info` is what is known of it."""
    source = replace(
        _steps(folder),
        id=UNSAFE.sub("_", info.id) or "trace",
        task=info.task,
        trial=str(folder),
        status=info.status,
        attempt=info.attempt,
    )
    task = source.task or (identified(source).task if source.path else "") or info.id
    return replace(source, task=task)


def read_trial(folder: Path) -> Trace:
    """The trace of a trial folder, as far as it exists. Never raises because of its contents."""
    info = trials.info(folder) or Trace(folder.name, "")
    return read(trial_source(folder, info))


def _steps(folder: Path) -> Source:
    """The recording of a trial in the best format, and the files of its sub-agents."""
    if (folder / "trajectory.json").is_file():
        return _atif(folder / "trajectory.json")
    found: list[Source] = []
    helpers: list[str] = []
    poor = Source("", "")  # ATIF without a call: its converter may have failed
    for place in (folder / name for name in _PLACES if (folder / name).is_dir()):
        for path in sorted(path for path in place.rglob("*") if path.is_file()):
            kind = sniff(path)
            if isinstance(kind, str) or kind[1] in files.SHARED or path.name.startswith("tests."):
                continue
            if kind[0] == "atif" and path == place / "trajectory.json":
                if _has_calls(poor := _atif(path)):
                    return poor
                continue
            source = Source(str(path), *kind, size=path.stat().st_size)
            if kind[0] == "claude-code" and identified(source).parent:
                helpers.append(source.path)
            elif kind[0] != "atif" or not path.name.startswith("trajectory."):
                found.append(source)
    found.sort(key=lambda each: (each.path.endswith(".txt"), each.path))
    best = next((each for format in READERS for each in found if each.format == format), poor)
    if poor.path and not _has_calls(best):
        return poor
    return replace(best, more=tuple(helpers)) if best.format == "claude-code" else best


def _has_calls(source: Source) -> bool:
    drafts = (drafted(source, limit) for limit in (HEAD, 0))
    return any(text.channel == "call" for draft in drafts for step in draft.steps for text in step.texts)


def _atif(path: Path) -> Source:
    more = tuple(str(each) for each in sorted(path.parent.glob("trajectory.*.json")))
    return Source(str(path), "atif", more=more, size=path.stat().st_size)
