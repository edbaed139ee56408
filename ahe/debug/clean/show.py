"""One trace for a person: found by a name as it stands in a report, shown cleaned or to the byte."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ahe.debug.clean.cleaner import Cleaned, Cleaner
from ahe.debug.clean.pointers import encode
from ahe.debug.readers.find import find, read_trial
from ahe.debug.readers.read import read
from ahe.debug.readers.trace import Step, Text, Trace, labels
from ahe.errors import UsageError
from ahe.records import Record

SOME = 4


class ShownText(Record):
    """A cleaned text of a step."""

    channel: str
    name: str
    text: str


class ShownStep(Record):
    """A cleaned step."""

    id: int
    source: str
    time: str
    texts: tuple[ShownText, ...]


class ShownTrace(Record):
    """What `ahe trace --json` prints. `damage` has a line for each thing that could not be read."""

    id: str
    label: str
    task: str
    status: str
    ended: str
    format: str
    steps: tuple[ShownStep, ...]
    damage: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A trace and the label that pointers name it by."""

    trace: Trace
    label: str

    def step(self, number: int) -> Step:
        """The step with this id. Raises `UsageError`."""
        for step in self.trace.steps:
            if step.id == number:
                return step
        there = f"{self.trace.steps[0].id} to {self.trace.steps[-1].id}" if self.trace.steps else "none"
        raise UsageError(f"{self.label} has no step {number}: it has {there}")


def in_trials(folder: Path, name: str) -> Found:
    """The trial below `folder` that an id, a label or the beginning of an id names. Raises `UsageError`."""
    ids = [entry.name for entry in folder.iterdir() if entry.is_dir()] if folder.is_dir() else []
    chosen = pick(ids, name, f"below {folder}")
    return Found(read_trial(folder / chosen), labels(ids)[chosen])


def in_path(path: Path, name: str) -> Found:
    """Likewise for any traces in a file or a folder; an empty name means the only one. Raises `UsageError`."""
    if not path.exists():
        raise UsageError(f"there is no file or folder {path}: --in takes what holds the traces")
    sources = {source.id: source for source in find([path])}
    if not sources:
        raise UsageError(f"no trace was found in {path}: `ahe debug {path}` says what was skipped, and why")
    chosen = pick(list(sources), name, f"in {path}")
    return Found(read(sources[chosen]), labels(sources)[chosen])


def pick(ids: Sequence[str], name: str, where: str) -> str:
    """The one id that is the name, or begins with it. Raises `UsageError` if none or several match."""
    if name in ids:
        return name
    close = sorted(each for each in ids if each.startswith(name))
    if len(close) == 1:
        return close[0]
    if not close:
        some = ", ".join(sorted(ids)[:SOME]) or "no trace at all"
        raise UsageError(f"no trace {where} begins with {name!r}: there is {some}{', …' * (len(ids) > SOME)}")
    several = ", ".join(close[:SOME]) + ", …" * (len(close) > SOME)
    raise UsageError(f"{len(close)} traces {where} begin with {name!r}: name one of {several}")


def raw(found: Found, step: int, span: tuple[int, int] | None = None) -> bytes:
    """The raw bytes of a step, or of a range of it. Raises `UsageError` where the range reaches beyond it."""
    whole = encode(found.step(step).raw)
    start, end = span or (0, len(whole))
    if not start <= end <= len(whole):
        raise UsageError(f"{found.label}#{step} has {len(whole)} bytes: the range {start}-{end} is not in it")
    return whole[start:end]


def cleaned(
    found: Found, step: int | None = None, span: tuple[int, int] | None = None
) -> Iterator[tuple[Step, Cleaned]]:
    """All steps, or one, cleaned. One alone points to nothing outside of it; a range of it is cleaned as one text."""
    cleaner = Cleaner()
    if step is None:
        for each in found.trace.steps:
            yield each, cleaner.clean(found.label, each)
        return
    one = found.step(step)
    if span is None:
        yield one, cleaner.clean(found.label, one)
        return
    text = raw(found, step, span).decode("utf-8", "surrogateescape")
    part = Step(one.id, one.source, (Text("message", text),), one.time)
    yield part, cleaner.clean(found.label, part, base=span[0])


def record(found: Found, steps: Iterable[tuple[Step, Cleaned]]) -> ShownTrace:
    """The trace with those of its steps."""
    trace = found.trace
    return ShownTrace(
        id=trace.id,
        label=found.label,
        task=trace.task,
        status=trace.status,
        ended=trace.ended,
        format=trace.format,
        steps=tuple(
            ShownStep(
                id=step.id,
                source=step.source,
                time=step.time,
                texts=tuple(ShownText(channel=p.channel, name=p.name, text=p.text) for p in shown.parts),
            )
            for step, shown in steps
        ),
        damage=tuple(f"{each.where}: {each.what}" for each in trace.damage),
    )


def page(step: Step, shown: Cleaned) -> str:
    """A step with its header, and one for each of several texts."""
    lines = [" ".join(word for word in (f"{shown.label}#{step.id}", step.source, step.time) if word)]
    for part in shown.parts:
        if len(shown.parts) > 1 or part.channel != "message":
            lines.append(f"[{part.channel}{' ' * bool(part.name)}{part.name}]")
        lines.append(part.text.rstrip("\n"))
    return "\n".join(lines) + "\n"
