"""Answers that are kept by the content they were made from: the same evaluation is asked about once.

They are files, `runs/answers/<digest>.json`, and no rows of the store: a folder of foreign traces has no store,
a person can read them, and one file written in one step needs no transaction.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pydantic import ValidationError

from ahe.debug.ask.answer import Answer
from ahe.debug.ask.material import State, TaskMaterial
from ahe.debug.readers.trace import Trace
from ahe.harness.mounts import counts
from ahe.records import Citation, Record

ASK_VERSION = 1
"""Part of every digest: raised when a change here can change what the debugger is asked or shown."""


class Kept(Record):
    """What asking gave: an answer, or None where nothing founded was said."""

    task: str
    answer: Answer | None


class Answers:
    """Kept answers below `folder`, which is made with the first one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, digest: str) -> Kept | None:
        """What was kept, or None; a damaged file counts as none."""
        try:
            return Kept.model_validate_json((self._folder / f"{digest}.json").read_bytes())
        except (OSError, ValidationError):
            return None

    def put(self, digest: str, kept: Kept) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f".{digest}.{os.getpid()}"
        draft.write_text(kept.model_dump_json(indent=1) + "\n", "utf-8")
        draft.replace(self._folder / f"{digest}.json")


def harness_digest(root: Path) -> str:
    """A hash of everything of a harness that counts, by path and content."""
    paths = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != ".pyc")
    total = hashlib.sha256()
    for path in paths:
        name = path.relative_to(root).as_posix()
        if counts(name):
            total.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def material_digest(material: TaskMaterial, state: State, asked: tuple[str, ...]) -> str:
    """32 hexadecimal digits over all that an answer is made from: traces, outcomes, and how it is asked.

    `asked` names the rest: the debugger's harness, its mode, the model. Where the files lie does not count, nor
    how a finding scores beside those of other tasks.
    """
    total = hashlib.sha256()
    parting = material.outcome.parting
    _add(total, ASK_VERSION, *asked, state, material.task, material.instruction)
    _citations(total, *material.findings)
    _citations(total, *((parting.failing, parting.passing) if parting else ()))
    for pairs in (material.now(), material.earlier()):
        _add(total, len(pairs))
        for rollout, trace in pairs:
            _add(total, rollout.label, rollout.status, rollout.ended, rollout.verdict)
            _add(total, rollout.tokens, rollout.seconds)
            _trace(total, trace)
    return total.hexdigest()[:32]


def _trace(total: hashlib._Hash, trace: Trace) -> None:
    _add(total, trace.id, len(trace.steps), len(trace.verifier))
    for step in trace.steps:
        _add(total, step.id, step.source, *(part for t in step.texts for part in (t.channel, t.name, t.text)))
    for file in trace.verifier:
        _add(total, file.name, file.text)


def _citations(total: hashlib._Hash, *citations: Citation) -> None:
    _add(total, len(citations), *(part for c in citations for part in (c, c.quote)))


def _add(total: hashlib._Hash, *values: object) -> None:
    """Add values with their lengths, so that no two lists of values read alike."""
    for value in values:
        data = str(value).encode("utf-8", "surrogatepass")
        total.update(b"%d:" % len(data))
        total.update(data)
