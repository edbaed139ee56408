"""Verdicts that lie beside foreign traces: a reward's file, or a report that lists what was resolved."""

from __future__ import annotations

from pathlib import Path

from ahe.debug.readers import files
from ahe.debug.readers.build import score
from ahe.debug.readers.peek import stem
from ahe.debug.readers.source import Source
from ahe.debug.readers.trace import Damage, Status
from ahe.debug.readers.values import listing, mapping, number, string

_OWN = ("reward.txt", "reward.json", "score.json", "result.json")
_ALONE = ("verifier/reward.json", "verifier/reward.txt", *_OWN, "report.json")
_LIMIT = 16 << 20


class Scores:
    """What reports said, by folder and task; a trace takes from the nearest folder above it."""

    def __init__(self) -> None:
        self._said: dict[Path, dict[str, Status]] = {}

    def take(self, path: Path) -> bool:
        """Whether the file is a report; if so it is kept."""
        if path.suffix != ".json" or path.stat().st_size > _LIMIT:
            return False
        with path.open("rb") as file:
            head = file.read(files.LIMIT >> 4)
        if b'"resolved' not in head:
            return False
        value = mapping(files.document(path, files.WHOLE, []))
        said: dict[str, Status] = {
            task: score(mapping(each)) for task, each in value.items() if "resolved" in mapping(each)
        }
        for key in ("submitted_ids", "completed_ids", "unresolved_ids"):
            said.update({string(task): "failed" for task in listing(value.get(key))})
        said.update({string(task): "passed" for task in listing(value.get("resolved_ids"))})
        self._said.setdefault(path.parent, {}).update(said)
        return bool(said)

    def of(self, source: Source, alone: bool) -> Status:
        """The verdict on a trace. `alone` says that no other trace lies in its folder."""
        path = Path(source.path)
        names = [f"{stem(path)}.{name}" for name in _OWN] + list(_ALONE if alone else ())
        for name in names:
            status = _read(path.parent / name) if (path.parent / name).is_file() else "unknown"
            if status != "unknown":
                return status
        for folder in path.parents:
            status = self._said.get(folder, {}).get(source.task, "unknown")
            if status != "unknown":
                return status
        return "unknown"


def _read(path: Path) -> Status:
    damage: list[Damage] = []
    value = files.document(path, files.WHOLE, damage)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "passed" if number(value) >= 1 else "failed"
    return score(mapping(value))
