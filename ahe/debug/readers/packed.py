"""Opens files that may be compressed (gzip, zstd), in UTF-16, or members of an archive of Inspect AI."""

import gzip
import io
import re
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any

import zstandard

from ahe.debug.readers.trace import Damage

UNPACKED = 256 << 20
"""Bytes that a compressed file may unpack to; what follows is not read."""
MANY = 20_000
"""Files of one folder, or members of one archive, that are read."""
_CHUNK = 1 << 20
_ZIP_ZSTD = 93
_WIDE_LIMIT = 128 << 20
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_GZIP, _ZSTD, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"
_SAMPLE = re.compile(r"samples/[^/]{1,250}\.json")


def open_bytes(path: Path, damage: list[Damage] | None = None, limit: int = UNPACKED) -> IO[bytes]:
    """The file, unpacked if it is compressed, and in UTF-8 if it begins with a UTF-16 byte order mark.

    A path below an archive means its member. Raises `OSError`.
    """
    try:
        file: IO[bytes] = path.open("rb")
    except NotADirectoryError:
        return _member(path, damage, limit)
    start = file.read(4)
    file.seek(0)
    if start[:2] == _GZIP:
        return _unpacked(gzip.GzipFile(fileobj=file), path, damage, limit)
    if start == _ZSTD:
        return _unpacked(_zstd(file), path, damage, limit)
    if start[:2] in _WIDE:
        with file:
            return io.BytesIO(file.read(_WIDE_LIMIT).decode("utf-16", "replace").encode("utf-8"))
    return file


def _unpacked(packed: Any, path: Path, damage: list[Damage] | None, limit: int) -> IO[bytes]:
    """What a stream unpacks to, up to `limit` bytes and as far as it is whole, in a file without a name."""
    kept: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 the caller closes it
    why = ""
    with packed:
        try:
            while (left := limit - kept.tell()) > 0 and (chunk := packed.read(min(_CHUNK, left))):
                kept.write(chunk)
            if left <= 0 and limit == UNPACKED:
                why = f"unpacks to over {UNPACKED >> 20} MB: the rest is not read"
        except (EOFError, OSError, zlib.error, zstandard.ZstdError, zipfile.BadZipFile) as error:
            why = f"cannot be unpacked further: {str(error)[:80]}"
    if why and damage is not None:
        damage.append(Damage(f"{path}: byte {kept.tell()}", why))
    kept.seek(0)
    return kept


def _zstd(file: Any) -> Any:
    return zstandard.ZstdDecompressor(max_window_size=1 << 27).stream_reader(file, read_across_frames=True)


def _member(path: Path, damage: list[Damage] | None, limit: int) -> IO[bytes]:
    """A member of an archive. Python's zip files lack zstd, which Inspect AI uses, so those are found by hand."""
    outer = next((folder for folder in path.parents if folder.is_file()), path)
    try:
        with zipfile.ZipFile(outer) as archive, outer.open("rb") as file:
            info = archive.getinfo(path.relative_to(outer).as_posix())
            if info.compress_type != _ZIP_ZSTD:
                return _unpacked(archive.open(info), path, damage, limit)
            file.seek(info.header_offset + 26)
            file.seek(sum(struct.unpack("<HH", file.read(4))), io.SEEK_CUR)
            packed = io.BytesIO(file.read(min(info.compress_size, limit)))
            return _unpacked(_zstd(packed), path, damage, limit)
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, struct.error) as error:
        raise OSError(f"the archive cannot be read: {str(error)[:80]}") from error


def members(path: Path) -> list[tuple[Path, int]]:
    """The samples in an archive of Inspect AI, as paths below it, with their sizes; empty for any other file."""
    try:
        with path.open("rb") as file:
            if file.read(4) != _ZIP:
                return []
        with zipfile.ZipFile(path) as archive:
            found = [each for each in archive.infolist() if _SAMPLE.fullmatch(each.filename)]
            return [(path / each.filename, each.file_size) for each in found[:MANY]]
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return []
