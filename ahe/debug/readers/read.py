"""One source as traces: the format's reader, then what its trial's folder says of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ahe.debug.readers import (
    atif,
    chat,
    claude_code,
    codex,
    files,
    nexau,
    recording,
    responses,
    swe_agent,
    trials,
)
from ahe.debug.readers.build import Draft
from ahe.debug.readers.source import Source
from ahe.debug.readers.trace import Step, Text, Trace

_DOCUMENTS = {
    "atif": atif.document,
    "asciinema": recording.document,
    "claude-code": claude_code.document,
    "codex": codex.document,
    "mini-swe-agent": chat.document,
    "nexau": nexau.document,
    "openai-chat": chat.document,
    "openai-responses": responses.document,
    "swe-agent": swe_agent.document,
}
_WORD = re.compile(r"[a-z0-9]+")
_TAG = re.compile(r"<[^<>]{1,80}>")
_LONG = 80


def read(source: Source) -> list[Trace]:
    """The traces of a source: one, or none where nothing of a foreign file could be read.

    Never raises for what is in the files: what could not be read is in `Trace.damage`.
    """
    draft = Draft(source.path or source.trial)
    if source.path:
        parse(source, draft)
    for path in source.more:
        side = Source(path, source.format, source.id, source.task, shape=source.shape)
        parse(side, draft, aside=True)
    if not source.trial:
        if not draft.count and not draft.damage:
            draft.wrong("no messages in it")
        return [_foreign(source, draft)]
    return [_of_trial(source, draft, trials.facts(Path(source.trial)))]


def parse(source: Source, draft: Draft, aside: bool = False) -> None:
    """Read the file of a source into the draft. With `aside` it is a sub-agent's."""
    path = Path(source.path)
    if source.shape == "text":
        recording.plain(files.text(path, source.span, draft.damage), draft)
    elif source.shape == "lines":
        take_lines(source.format, files.records(path, draft.damage), draft, aside)
    else:
        value = files.document(path, source.span, draft.damage)
        take_document(source.format, value, draft, aside)


def take_document(form: str, value: Any, draft: Draft, aside: bool = False) -> None:
    if value is not None and not isinstance(value, dict | list):
        draft.wrong(f"the document is no record but {type(value).__name__}")
    if form == "atif":
        atif.document(value, draft, aside)
    else:
        _DOCUMENTS.get(form, chat.document)(value, draft)


def take_lines(form: str, records: Iterable[tuple[str, Any]], draft: Draft, aside: bool = False) -> None:
    if form == "claude-code":
        claude_code.lines(records, draft, aside)
    elif form == "codex":
        codex.lines(records, draft)
    elif form == "asciinema":
        recording.cast(records, draft)
    else:
        one = responses.item if form == "openai-responses" else chat.message
        for _, record in records:
            one(record, draft)


def task_name(draft: Draft) -> str:
    """The task that a foreign trace names, or one made from what its user asked for first."""
    said = draft.task or draft.asked[1]
    if draft.task and len(draft.task) <= _LONG and "\n" not in draft.task:
        return draft.task
    if not said.strip():
        return ""
    digest = hashlib.sha256(said.strip().encode("utf-8", "surrogateescape")).hexdigest()[:6]
    words = _WORD.findall(_TAG.sub(" ", said[:2_000]).lower())[:6]
    return f"{'-'.join(words)[:40].strip('-') or 'task'}-{digest}"


def _foreign(source: Source, draft: Draft) -> Trace:
    return Trace(
        id=source.id,
        task=source.task,
        steps=draft.steps,
        status=source.status if source.status != "unknown" else draft.status,
        ended=draft.ended,
        seconds=draft.seconds,
        tokens=draft.tokens,
        format=source.format,
        path=source.path,
        damage=tuple(draft.damage),
    )


def _of_trial(source: Source, draft: Draft, facts: trials.Facts | None) -> Trace:
    folder = Path(source.trial)
    known = facts or trials.Facts(
        task=source.task, id=source.id, attempt=source.attempt, status=source.status
    )
    for place, text in trials.events(folder, draft.damage):
        draft.attach(place - 1, text)
    if not source.path:
        draft.wrong("the trial has no trace")
    verifier = trials.verifier(folder, draft.damage)
    steps = draft.steps
    if known.cause:
        steps = (*steps, Step(len(steps) + 1, "environment", (Text("error", known.cause, known.form),)))
    base = _foreign(source, draft)
    return replace(
        base,
        steps=steps,
        attempt=known.attempt,
        status=known.status if known.status != "unknown" else base.status,
        ended=known.ended or base.ended,
        verifier=verifier,
        seconds=known.seconds or base.seconds,
        tokens=known.tokens or base.tokens,
        path=source.path or source.trial,
        damage=(*base.damage, *known.damage),
    )
