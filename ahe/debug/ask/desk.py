"""What one debugger agent may see: the rollouts of its task as files, one message a file."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ahe.debug.ask.material import TaskMaterial
from ahe.debug.ask.reading import readable, shown
from ahe.debug.clean.cleaner import Cleaner
from ahe.debug.readers.trace import Step, Text, Trace
from ahe.debug.signals.outcome import Rollout
from ahe.records import Mount

ROLLOUTS, BEFORE, RAW, NOTES = "/rollouts", "/before", "/raw", "/notes"
INDEX = "index.txt"
INDEX_LINE = 120


class Desk:
    """The files of one task below `folder`, to be shown read-only.

    `rollouts/<label>-<status>/NNN-<source>[-<channel>].txt` holds the texts of step NNN, cleaned, and
    `verifier/` what the verifier left; `before/` the same for the evaluation before; `raw/` all of them
    untouched under the same names. `index.txt` in rollouts and before has a line for every file of a step.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, material: TaskMaterial) -> tuple[Mount, ...]:
        """Write the files; returns the mounts that show them. Nothing of another task is among them.

        Raises `OSError`.
        """
        shutil.rmtree(self.folder, ignore_errors=True)
        for place in (ROLLOUTS, BEFORE, RAW):
            (self.folder / place[1:]).mkdir(parents=True)
        cleaner = Cleaner()
        for place, pairs in ((ROLLOUTS, material.now()), (BEFORE, material.earlier())):
            lines = [each for pair in pairs for each in self._rollout(place, *pair, cleaner)]
            _write(self.folder / place[1:] / INDEX, "".join(f"{line}\n" for line in lines))
        _write(self.folder / ROLLOUTS[1:] / "instruction.md", material.instruction)
        _age(self.folder)
        return tuple(
            Mount(host=str(self.folder / place[1:]), inside=place) for place in (ROLLOUTS, BEFORE, RAW)
        )

    def _rollout(self, place: str, rollout: Rollout, trace: Trace, cleaner: Cleaner) -> Iterator[str]:
        """Write one rollout; yields its lines of the index."""
        name = f"{safe(rollout.label)}-{rollout.status}"
        clean, raw = self.folder / place[1:] / name, self.folder / RAW[1:] / name
        clean.mkdir()
        raw.mkdir()
        width = max(3, len(str(max((step.id for step in trace.steps), default=0))))
        for step in trace.steps:
            names = _file_names(step, width)
            cleaned = cleaner.clean(rollout.label, step)
            for file, text, part in zip(names, step.texts, cleaned.parts, strict=True):
                _write(clean / file, part.text)
                _write(raw / file, text.text)
                yield f"{rollout.label}#{step.id} {name}/{file} [{len(part.text)}] {_gist(text)}"
        for left in trace.verifier:
            target = f"verifier/{safe(left.name)}"
            _write(clean / target, shown(left.text))
            _write(raw / target, left.text)


def safe(name: str) -> str:
    """A name as that of one file. One that cannot be has what it may not hold replaced, and a hash at its end."""
    if re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}", name):
        return name
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip(".-")[:80]
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _file_names(step: Step, width: int) -> list[str]:
    """A name for each text of a step: with its channel if it is no plain message, numbered from the second on."""
    seen: Counter[str] = Counter()
    names = []
    for text in step.texts:
        channel = "" if text.channel == "message" else f"-{text.channel}"
        seen[channel] += 1
        number = f"-{seen[channel]}" if seen[channel] > 1 else ""
        names.append(f"{step.id:0{width}}-{step.source}{channel}{number}.txt")
    return names


def _gist(text: Text) -> str:
    """The name and the first line of a text, for the index."""
    first = next((line.strip() for line in readable(text.text, 2_000).splitlines() if line.strip()), "")
    return (f"{text.name}: {first}" if text.name else first)[:INDEX_LINE]


def _age(folder: Path) -> None:
    """Give all files one time: a listing that differs from run to run would spoil kept answers."""
    for place, folders, files in os.walk(folder, topdown=False):
        for name in (*folders, *files):
            os.utime(Path(place, name), (0, 0))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:  # half a character that stands for no byte
        path.write_bytes(text.encode("utf-8", "replace"))
