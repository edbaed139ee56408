"""What an agent of the debugger is given: the first message, and the files of its sandbox."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ahe.debug.ask.evidence import INSTRUCTION, clipped, one_line, readable, rollout_table
from ahe.debug.ask.material import TaskMaterial
from ahe.debug.clean.cleaner import Cleaner
from ahe.debug.clean.terminal import resolve
from ahe.debug.readers.trace import Trace
from ahe.debug.signals.outcome import Rollout
from ahe.errors import SandboxError
from ahe.records import Mount

INSTRUCTION_TOKENS = 800
MAX_ROLLOUTS, MAX_FINDINGS = 40, 12
ROLLOUTS, BEFORE, RAW = "/rollouts", "/before", "/raw"
INDEX = "index.txt"
INDEX_LINE = 120


def opening(material: TaskMaterial) -> str:
    """The first message: the task, its rollouts, the findings of the pipeline, and the paths of the files."""
    parts = [
        "# The task\n\n" + clipped(readable(material.instruction, INSTRUCTION).strip(), INSTRUCTION_TOKENS),
        "# Its rollouts\n\n" + rollout_table(material, MAX_ROLLOUTS),
    ]
    lines = [f"- {c}: {one_line(c.quote)}" for c in material.findings[:MAX_FINDINGS]]
    for side, c in material.outcome.divergence:
        lines.append(f"- {side} first changes something else at {c}: {one_line(c.quote)}")
    if lines:
        parts.append("# What a program found, not always rightly\n\n" + "\n".join(dict.fromkeys(lines)))
    files = [f"{ROLLOUTS}/{INDEX}", f"{ROLLOUTS}/<label>-<status>/", f"{RAW}/<label>-<status>/"]
    files += [f"{BEFORE}/{INDEX}", f"{BEFORE}/<label>-<status>/"] if material.earlier() else []
    parts.append("# Files\n\n" + "\n".join(files))
    return "\n\n".join(parts)


def write_files(folder: Path, material: TaskMaterial) -> tuple[Mount, ...]:
    """Write a task's rollouts as files below the new `folder`; returns their read-only mounts.

    `rollouts/<label>-<status>/NNN-<source>[-<channel>].txt` holds the cleaned texts of step NNN, and `verifier/` the
    verifier's files; `before/` has the same for the previous evaluation; `raw/` has all of them unchanged under the
    same names. `index.txt` in rollouts and before has a line for every file of a step. Nothing of another task is
    included. Raises `SandboxError`.
    """
    places = {inside: folder / inside[1:] for inside in (ROLLOUTS, BEFORE, RAW)}
    cleaner = Cleaner()
    try:
        for place in places.values():
            place.mkdir(parents=True)
        for inside, pairs in ((ROLLOUTS, material.current()), (BEFORE, material.earlier())):
            lines = [line for pair in pairs for line in _rollout(places[inside], places[RAW], *pair, cleaner)]
            _write(places[inside] / INDEX, "".join(f"{line}\n" for line in lines))
        _write(places[ROLLOUTS] / "instruction.md", material.instruction)
    except OSError as error:
        raise SandboxError(f"the rollouts cannot be laid out for the debugger: {error}") from error
    return tuple(Mount(host=str(place), inside=inside) for inside, place in places.items())


def _rollout(clean: Path, raw: Path, rollout: Rollout, trace: Trace, cleaner: Cleaner) -> Iterator[str]:
    """Write one rollout below the two folders; yields its lines of the index."""
    name = f"{safe(rollout.label)}-{rollout.status}"
    (clean / name).mkdir()
    (raw / name).mkdir()
    width = max(3, len(str(max((step.id for step in trace.steps), default=0))))
    for step in trace.steps:
        channels: Counter[str] = Counter()
        for text, part in zip(step.texts, cleaner.clean(rollout.label, step).texts, strict=True):
            channels[text.channel] += 1
            channel = "" if text.channel == "message" else f"-{text.channel}"
            number = f"-{channels[text.channel]}" if channels[text.channel] > 1 else ""
            file = f"{name}/{step.id:0{width}}-{step.source}{channel}{number}.txt"
            _write(clean / file, part.text)
            _write(raw / file, text.text)
            first = next(
                (line.strip() for line in readable(text.text, 2_000).splitlines() if line.strip()), ""
            )
            gist = (f"{text.name}: {first}" if text.name else first)[:INDEX_LINE]
            yield f"{rollout.label}#{step.id} {file} [{len(part.text)}] {gist}"
    for left in trace.verifier:
        target = f"{name}/verifier/{safe(left.name)}"
        _write(clean / target, resolve(left.text))
        _write(raw / target, left.text)


def safe(name: str) -> str:
    """The name as a file name. If it is not one, invalid characters are replaced and a hash is added."""
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", name):
        return name
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-")[:80]
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8", errors="surrogateescape")
