"""What `ahe trace` shows: a trace found by the name that a report uses, cleaned or as raw bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ahe.debug.clean.cleaner import Cleaner
from ahe.debug.clean.pointers import encode
from ahe.debug.readers.find import find
from ahe.debug.readers.read import read, read_trial
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
    """What `ahe trace --json` prints. `damage` has a line for each part that could not be read."""

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
    """A trace and its label in pointers."""

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
    """The trial below `folder` with this id, label or beginning of an id. Raises `UsageError`."""
    ids = [entry.name for entry in folder.iterdir() if entry.is_dir()] if folder.is_dir() else []
    chosen = pick(ids, name, f"below {folder}")
    return Found(read_trial(folder / chosen), labels(ids)[chosen])


def in_path(path: Path, name: str) -> Found:
    """The trace in a file or folder with this name; an empty name means the only one. Raises `UsageError`."""
    if not path.exists():
        raise UsageError(f"{path} does not exist: give --in a file or folder of traces")
    sources = {source.id: source for source in find([path])}
    if not sources:
        raise UsageError(f"no trace was found in {path}: `ahe debug {path}` says what was skipped, and why")
    chosen = pick(list(sources), name, f"in {path}")
    return Found(read(sources[chosen]), labels(sources)[chosen])


def pick(ids: Sequence[str], name: str, where: str) -> str:
    """The id that equals the name, or the only one that begins with it. Raises `UsageError` if none or several do."""
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
    """The raw bytes of a step, or of a range of it. Raises `UsageError` for a range beyond its end."""
    whole = encode(found.step(step).raw)
    start, end = span or (0, len(whole))
    if not start <= end <= len(whole):
        raise UsageError(f"{found.label}#{step} has {len(whole)} bytes: the range {start}-{end} is not in it")
    return whole[start:end]


def cleaned(found: Found, step: int | None = None, span: tuple[int, int] | None = None) -> Iterator[Step]:
    """All steps, or one, cleaned. A single step has no pointers to others; a range of it is cleaned as one text."""
    cleaner = Cleaner()
    if step is None:
        for each in found.trace.steps:
            yield cleaner.clean(found.label, each)
        return
    one = found.step(step)
    if span is None:
        yield cleaner.clean(found.label, one)
        return
    text = raw(found, step, span).decode("utf-8", "surrogateescape")
    yield cleaner.clean(found.label, replace(one, texts=(Text("message", text),)), base=span[0])


def record(found: Found, steps: Iterable[Step]) -> ShownTrace:
    """The trace with the given cleaned steps."""
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
                texts=tuple(ShownText(channel=t.channel, name=t.name, text=t.text) for t in step.texts),
            )
            for step in steps
        ),
        damage=tuple(f"{each.where}: {each.what}" for each in trace.damage),
    )


def page(label: str, step: Step) -> str:
    """A cleaned step below a header; each of several texts has a header too."""
    lines = [" ".join(word for word in (f"{label}#{step.id}", step.source, step.time) if word)]
    for text in step.texts:
        if len(step.texts) > 1 or text.channel != "message":
            lines.append(f"[{text.channel}{' ' * bool(text.name)}{text.name}]")
        lines.append(text.text.rstrip("\n"))
    return "\n".join(lines) + "\n"
