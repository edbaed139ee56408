"""What `ahe trace` shows: a trace found by the name that a report uses, cleaned or as raw bytes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from ahe.debug.clean.cleaner import Cleaner
from ahe.debug.clean.pointers import encode
from ahe.debug.readers.find import find
from ahe.debug.readers.read import read, read_trial
from ahe.debug.readers.trace import Step, Text, Trace, labels
from ahe.errors import UsageError

SOME = 4


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
    close = [name] if name in ids else sorted(each for each in ids if each.startswith(name))
    if len(close) == 1:
        return close[0]
    there = close or sorted(ids)
    some = (", ".join(there[:SOME]) or "no trace at all") + ", …" * (len(there) > SOME)
    if close:
        raise UsageError(f"{len(close)} traces {where} begin with {name!r}: name one of {some}")
    raise UsageError(f"no trace {where} begins with {name!r}: there is {some}")


def raw(found: Found, step: int, span: tuple[int, int] | None = None) -> bytes:
    """The raw bytes of a step, or of a range of it. Raises `UsageError` for a range beyond its end."""
    whole = encode(found.step(step).raw)
    start, end = span or (0, len(whole))
    if not start <= end <= len(whole):
        raise UsageError(f"{found.label}#{step} has {len(whole)} bytes: the range {start}-{end} is not in it")
    return whole[start:end]


def cleaned(found: Found, step: int | None = None, span: tuple[int, int] | None = None) -> Iterator[Step]:
    """All steps, or one, cleaned. A single step has no pointers to others; a range of it is cleaned as one text."""
    steps = found.trace.steps if step is None else (found.step(step),)
    base = 0
    if step is not None and span is not None:
        text = raw(found, step, span).decode("utf-8", "surrogateescape")
        steps, base = (replace(steps[0], texts=(Text("message", text),)),), span[0]
    cleaner = Cleaner()
    return (cleaner.clean(found.label, each, base=base) for each in steps)


def record(found: Found, steps: Iterable[Step]) -> dict[str, object]:
    """What `ahe trace --json` prints: the trace with the given cleaned steps."""
    trace = found.trace
    return {
        "id": trace.id,
        "label": found.label,
        "task": trace.task,
        "status": trace.status,
        "ended": trace.ended,
        "format": trace.format,
        "steps": [asdict(step) for step in steps],
        "damage": [f"{each.where}: {each.what}" for each in trace.damage],
    }


def page(label: str, step: Step) -> str:
    """A cleaned step below a header; each of several texts has a header too."""
    lines = [" ".join(word for word in (f"{label}#{step.id}", step.source, step.time) if word)]
    for text in step.texts:
        if len(step.texts) > 1 or text.channel != "message":
            lines.append(f"[{text.channel}{' ' * bool(text.name)}{text.name}]")
        lines.append(text.text.rstrip("\n"))
    return "\n".join(lines) + "\n"
