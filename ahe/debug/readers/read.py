"""The table of readers, detection of a file's type (`sniff`), and reading a source as a `Trace` (`read`)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from ahe.debug.readers import (
    atif,
    chat,
    claude_code,
    codex,
    files,
    gemini,
    inspect_ai,
    nexau,
    opencode,
    openhands,
    pi,
    responses,
    swe_agent,
    terminal,
    trials,
)
from ahe.debug.readers.draft import Draft
from ahe.debug.readers.files import HEAD, Content, Shape, Span
from ahe.debug.readers.lenient_json import listing, mappings, salvage
from ahe.debug.readers.trace import Status, Trace


class Reader(NamedTuple):
    """One format. `sniff(value, line)` says whether a value is a document of it or, with `line`, one of its lines.

    `parse(content, draft)` adds the steps of a file to a draft, and never raises because of the file's content.
    """

    format: str
    sniff: Callable[[Any, bool], bool]
    parse: Callable[[Content, Draft], None]


READERS = (
    Reader("atif", atif.sniff, atif.parse),
    Reader("nexau", nexau.sniff, nexau.parse),
    Reader("gemini", gemini.sniff, gemini.parse),
    Reader("opencode", opencode.sniff, opencode.parse),
    Reader("pi", pi.sniff, pi.parse),
    Reader("claude-code", claude_code.sniff, claude_code.parse),
    Reader("codex", codex.sniff, codex.parse),
    Reader("openhands", openhands.sniff, openhands.parse),
    Reader("swe-agent", swe_agent.sniff, swe_agent.parse),
    Reader("mini-swe-agent", swe_agent.sniff_mini, swe_agent.parse_mini),
    Reader("inspect", inspect_ai.sniff, inspect_ai.parse),
    Reader("openai-responses", responses.sniff, responses.parse),
    Reader("openai-chat", chat.sniff, chat.parse),
    Reader("asciinema", terminal.sniff, terminal.parse),
    Reader("terminal", lambda value, line: False, terminal.parse),
)
"""The first reader that recognises a file reads it. Text that is not JSON is read by `terminal` or not at all."""
RANK = {reader.format: number for number, reader in enumerate(READERS)}
SCREENS = ("asciinema", "terminal")
"""Formats that show what a person would have seen: copies of other recordings beside them."""

_CONTROL = bytes((*range(9), *range(14, 27)))
_SIZES = (HEAD, 1 << 20, 16 << 20)
"""Bytes that are read, one size after the other, until they name a task."""
_INSTANCE = re.compile(r"[\w.-]+__[\w.-]+-\d+")
_WORD = re.compile(r"[a-z0-9]+")
_TAG = re.compile(r"<[^<>]{1,80}>")
_LONG = 80


@dataclass(frozen=True, slots=True)
class FileType:
    """A format, by the name of its reader, and the shape of the file."""

    format: str
    shape: Shape


@dataclass(frozen=True, slots=True)
class NotATrace:
    """Why a file is not read."""

    why: str


@dataclass(frozen=True, slots=True)
class Source:
    """A trace that was found but not yet read. Small and picklable.

    `path` is the file with the steps (empty if a trial has none), `span` the bytes of the trace in it, `trial` the
    folder of a trial, `more` the files of sub-agents, `size` the number of bytes to read. Sources with the same
    `session` or the same `start` (the first request and its time) may be copies of one recording. `alone` says that
    no other trace is in the file's folder, so that a verifier's files in it belong to this trace.
    """

    path: str
    format: str
    id: str
    task: str
    shape: Shape = "document"
    span: Span = files.WHOLE
    trial: str = ""
    more: tuple[str, ...] = ()
    status: Status = "unknown"
    attempt: int = 0
    size: int = 0
    session: str = ""
    start: str = ""
    alone: bool = False


def sniff(head: bytes, name: str, given: bool = False) -> FileType | NotATrace:
    """The type of a file that begins with `head`, never by its name alone. `given`: the user named this file."""
    if not head.strip(files.BLANK + b"\xef\xbb\xbf"):
        return NotATrace("empty" if not head.strip() else "nothing but NUL bytes")
    text = head.decode("utf-8", "surrogateescape").removeprefix("\ufeff").lstrip("\0 \r\n\t")
    if (found := sniff_json(text)) is not None:
        return found
    control = len(head[:8192]) - len(head[:8192].translate(None, _CONTROL))
    if control * 20 > len(head[:8192]) or b"\0\0\0\0" in head[:8192]:
        return NotATrace("a SQLite database" if head.startswith(b"SQLite format 3") else "binary")
    if text[:1] in "{[" and not text.startswith("[?"):
        return NotATrace("JSON, but no known form of a trace")
    why = terminal.sniff_text(text, name, given)
    return NotATrace(why) if why else FileType("terminal", "text")


def sniff_json(text: str) -> FileType | None:
    """The type of a text that is JSON, the beginning of JSON, or lines of which some are JSON."""
    values = _json_lines(text)
    if len(values) > 1:
        for value in values:
            if found := _first(value, line=True):
                return FileType(found, "lines")
            if (inner := _document(value)) and inner.shape == "document":
                return FileType(inner.format, "many")
    return _document(salvage(text)[0]) if text[:1] in ("{", "[") else None


def _json_lines(text: str) -> list[Any]:
    """The values of the first 50 lines that are JSON records or lists."""
    found: list[Any] = []
    for line in text.split("\n"):
        if line[:1] in ("{", "[") and len(line) > 2 and len(found) < 50:
            try:
                found.append(json.loads(line, strict=False))
            except (ValueError, RecursionError):
                continue
    return found


def _document(value: Any) -> FileType | None:
    """The type of a JSON document: a trace, or a list of traces, possibly nested in lists."""
    if inspect_ai.is_log(value):
        return FileType("inspect", "many")
    if found := _first(value, line=False):
        return FileType(found, "document")
    for each in [*mappings(value)[:5], *(one for one in listing(value)[:5] if isinstance(one, list))]:
        if inner := _document(each):
            return FileType(inner.format, "many")
    return None


def _first(value: Any, line: bool) -> str:
    """The format of the first reader that recognises the value, else an empty string."""
    return next((reader.format for reader in READERS if reader.sniff(value, line)), "")


def parse(format: str, content: Content, draft: Draft) -> None:
    """Add the steps of a file's content to the draft."""
    value = content.value
    if content.shape == "document" and value is not None and not isinstance(value, dict | list):
        draft.add_damage(f"the document is not a record but {type(value).__name__}")
    READERS[RANK[format]].parse(content, draft)


def drafted(source: Source) -> Draft:
    """What the files of a source say, without its trial folder."""
    draft = Draft(source.path or source.trial)
    for number, path in enumerate((source.path, *source.more)):
        if path:
            span = source.span if not number else files.WHOLE
            found = files.content(Path(path), source.shape, span, draft.damage, subagent=number > 0)
            parse(source.format, found, draft)
    return draft


def read(source: Source) -> Trace:
    """The trace of a source, completed by its trial folder, which takes precedence.

    Never raises because of the files' content: what could not be read is in `Trace.damage`.
    """
    draft = drafted(source)
    known = trials.TrialInfo(source.task, source.id, attempt=source.attempt, status=source.status)
    verifier = tuple(draft.verifier)
    if source.trial:
        folder = Path(source.trial)
        known = trials.info(folder) or known
        for place, text in trials.events(folder, draft.damage):
            draft.attach(place - 1, text)
        if not source.path:
            draft.add_damage("the trial has no trace")
        verifier = (*trials.verifier(folder, draft.damage), *known.verifier)
    else:
        if not draft.count and not draft.damage:
            draft.add_damage("no messages in it")
        name = files.stem(Path(source.path))
        found = trials.verifier(Path(source.path).parent, draft.damage, name) if source.alone else ()
        verifier = (*found, *verifier)
    last = draft.last[-1] if draft.last else None
    if known.cause:
        draft.add_text("environment", "error", known.cause, "", known.layout)
    return Trace(
        id=source.id,
        task=source.task,
        steps=draft.steps,
        attempt=known.attempt,
        status=known.status if known.status != "unknown" else draft.status,
        ended=known.ended or draft.ended,
        verifier=verifier,
        seconds=known.seconds or draft.seconds,
        tokens=known.tokens or draft.tokens,
        format=source.format,
        path=source.path or source.trial,
        damage=(*draft.damage, *known.damage),
        cause=known.cause or draft.cause or (last.text[:2_000] if last and last.channel == "error" else ""),
        started=draft.started and known.started,
    )


def identified(source: Source) -> Source:
    """A foreign source with its task, and with what copies of it have in common.

    The task is named in the trace, else derived from its first user message, else the file's name.
    """
    name, draft = "", Draft("")
    for limit in _SIZES:
        draft = Draft("")
        parse(
            source.format, files.content(Path(source.path), source.shape, source.span, [], limit=limit), draft
        )
        name = task_name(draft)
        whole = (draft.task and len(draft.task) < HEAD // 2) or 0 <= draft.first_request[0] < draft.count - 1
        if source.size <= limit or whole:
            break
    stem = files.stem(Path(source.path))
    if source.format in SCREENS or (source.format.endswith("swe-agent") and _INSTANCE.fullmatch(stem)):
        name = stem
    _, said, time = draft.first_request
    digest = hashlib.sha256(said.encode("utf-8", "surrogateescape")).hexdigest()
    return replace(source, task=name or stem, session=draft.session, start=f"{time} {digest}" if time else "")


def task_name(draft: Draft) -> str:
    """The task that a foreign trace names, else a name derived from its first user message."""
    said = draft.task or draft.first_request[1]
    if draft.task and len(draft.task) <= _LONG and "\n" not in draft.task:
        return draft.task
    if not said.strip():
        return ""
    digest = hashlib.sha256(said.strip().encode("utf-8", "surrogateescape")).hexdigest()[:6]
    words = _WORD.findall(_TAG.sub(" ", said[:2_000]).lower())[:6]
    return f"{'-'.join(words)[:40].strip('-') or 'task'}-{digest}"
