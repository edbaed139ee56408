"""Bytes of a file as JSON or text, whatever happened to them; the damage is named, the rest is read."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ahe.debug.readers.salvage import salvage
from ahe.debug.readers.trace import Damage

LIMIT = 64 << 20
"""Bytes of one line or one document that are read."""
_CHUNK = 1 << 20
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
Span = tuple[int, int]
WHOLE: Span = (0, 0)


def text(path: Path, span: Span, damage: list[Damage]) -> str:
    """What stands in the span of the file, at most `LIMIT` bytes."""
    try:
        with open_bytes(path) as file:
            file.seek(span[0])
            length = span[1] - span[0] if span != WHOLE else -1
            data = file.read(LIMIT if length < 0 else min(length, LIMIT))
            rest = file.seek(0, io.SEEK_END) if length < 0 else span[1]
    except OSError as error:
        damage.append(Damage(str(path), f"cannot be read: {error.strerror or error}"))
        return ""
    if rest > span[0] + len(data):
        where = f"{path}: bytes {span[0] + len(data)}-{rest}"
        damage.append(Damage(where, f"over {LIMIT >> 20} MB: the rest is not read"))
    if not data.strip():
        damage.append(Damage(str(path), "empty"))
    if data.count(b"\0"):
        where = f"{path}: byte {span[0] + data.index(0)}"
        damage.append(Damage(where, f"{data.count(0)} NUL bytes"))
    return decoded(data, f"{path}: byte", span[0], damage)


def document(path: Path, span: Span, damage: list[Damage]) -> Any:
    """The JSON document in the span of the file, as far as it is whole; None where nothing is."""
    raw = text(path, span, damage)
    value, faults = salvage(raw)
    for start, what in faults:
        byte = span[0] + len(raw[:start].encode("utf-8", "surrogateescape"))
        damage.append(Damage(f"{path}: byte {byte}", what))
    return value


def records(path: Path, damage: list[Damage]) -> Iterator[tuple[str, Any]]:
    """The values of a file of JSON lines, each with its place. Never more than one line is in memory."""
    other = _Run(path, damage)
    encoding: list[Damage] = []
    try:
        with open_bytes(path) as file:
            for number, line in _lines(file, path, damage):
                here = f"{path}: line {number}"
                stripped = line.strip(b"\0 \t\r\n")
                if not stripped:
                    if b"\0" in line:
                        damage.append(Damage(here, "NUL bytes"))
                    continue
                yield from _line(decoded(stripped, here, -1, encoding), number, here, other, damage)
    except OSError as error:
        damage.append(Damage(str(path), f"cannot be read: {error.strerror or error}"))
    other.close()
    if encoding:
        places = ", ".join(each.where.rsplit(" ", 1)[-1] for each in encoding[:5])
        more = f" and {len(encoding) - 5} more" if len(encoding) > 5 else ""
        damage.append(Damage(f"{path}: lines {places}{more}", "not UTF-8; the bytes are kept"))


def decoded(data: bytes, where: str, offset: int, damage: list[Damage]) -> str:
    """The bytes as text; those that are no UTF-8 are kept as surrogates. `offset` below 0 is not shown."""
    plain = data.removeprefix(_BOM)
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError as error:
        place = f"{where} {offset + error.start + len(data) - len(plain)}" if offset >= 0 else where
        damage.append(Damage(place, "not UTF-8; the bytes are kept"))
        return plain.decode("utf-8", "surrogateescape")


def _line(raw: str, number: int, here: str, other: _Run, damage: list[Damage]) -> Iterator[tuple[str, Any]]:
    try:
        yield here, json.loads(raw, strict=False)
        return
    except (ValueError, RecursionError):
        pass
    if raw[:1] not in "{[":
        other.add(number)
        return
    value, faults = salvage(raw)
    damage.extend(Damage(here, f"{what} at character {start}") for start, what in faults)
    if value:
        yield here, value
        yield from _rest(raw, here)


def _rest(raw: str, here: str) -> Iterator[tuple[str, Any]]:
    """Further values on a line: two writers met, or a newline was lost."""
    decoder = json.JSONDecoder(strict=False)
    try:
        _, end = decoder.raw_decode(raw)
        while (start := raw.find("{", end)) >= 0:
            value, end = decoder.raw_decode(raw, start)
            yield here, value
    except (ValueError, RecursionError):
        return


class _Run:
    """Lines that are no JSON, runs of them named once."""

    def __init__(self, path: Path, damage: list[Damage]) -> None:
        self._path, self._damage = path, damage
        self._first = self._last = 0

    def add(self, number: int) -> None:
        if number != self._last + 1:
            self.close()
            self._first = number
        self._last = number

    def close(self) -> None:
        if self._first:
            span = f"{self._first}" if self._first == self._last else f"{self._first}-{self._last}"
            self._damage.append(Damage(f"{self._path}: line {span}", "not JSON"))
        self._first = self._last = 0


def _lines(file: BinaryIO, path: Path, damage: list[Damage]) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(LIMIT + 1):
        number += 1
        if len(line) > LIMIT and not line.endswith(b"\n"):
            start = file.tell() - len(line)
            del line
            end = _skip(file)
            damage.append(Damage(f"{path}: bytes {start}-{end}", f"line {number} is over {LIMIT >> 20} MB"))
            continue
        yield number, line.removeprefix(_BOM) if number == 1 else line


def _skip(file: BinaryIO) -> int:
    """Go past the end of the line. Returns where the next one begins."""
    while chunk := file.read(_CHUNK):
        newline = chunk.find(b"\n")
        if newline >= 0:
            return file.seek(newline + 1 - len(chunk), io.SEEK_CUR)
    return file.tell()


def open_bytes(path: Path) -> BinaryIO:
    """The file, or what it would be in UTF-8 where a mark at its beginning says that it is UTF-16."""
    file = path.open("rb")
    if file.read(2) not in _WIDE:
        file.seek(0)
        return file
    with file:
        file.seek(0)
        return io.BytesIO(file.read(2 * LIMIT).decode("utf-16", "replace").encode("utf-8"))
