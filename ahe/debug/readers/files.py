"""Reads files as JSON, JSON lines or text. Damaged bytes are reported and the rest is read."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from ahe.debug.readers.lenient_json import salvage
from ahe.debug.readers.trace import Damage

LIMIT = 64 << 20
"""Bytes of one line or one document that are read."""
HEAD = 64 << 10
"""Bytes at the beginning of a file that determine its type."""
BLANK = b"\0 \t\r\n"
"""Bytes that may surround a value."""
_CHUNK = 1 << 20
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_NEXT = re.compile(r"[\s,]*(?=[{\[])")
_SUFFIXES = [".traj.json", ".trajectory.json", ".json", ".jsonl", ".traj", ".cast", ".log", ".txt", ".ansi"]
Span = tuple[int, int]
WHOLE: Span = (0, 0)
Shape = Literal["document", "lines", "many", "text"]
"""`document` is one JSON value, `lines` one trace in JSON lines, `many` a trace on each line or in each element
of a list, `text` a recording of a terminal."""


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a file: the `value` of a document or text, or `lines`, each as (place, value).

    `subagent` says that the file belongs to a sub-agent of the trace that is being read.
    """

    shape: Shape
    value: Any = None
    lines: Iterable[tuple[str, Any]] = ()
    subagent: bool = False


def content(
    path: Path, shape: Shape, span: Span, damage: list[Damage], subagent: bool = False, limit: int = 0
) -> Content:
    """The content of a span of a file; with a `limit`, only of its first bytes."""
    if shape == "lines":
        return Content(shape, lines=records(path, damage, limit), subagent=subagent)
    read = text if shape == "text" else document
    value = read(path, span, damage, limit or LIMIT)
    return Content(shape, value, subagent=subagent)


def text(path: Path, span: Span, damage: list[Damage], limit: int = LIMIT) -> str:
    """The text in a span of the file, at most `limit` bytes."""
    try:
        with open_bytes(path) as file:
            file.seek(span[0])
            length = span[1] - span[0] if span != WHOLE else -1
            data = file.read(limit if length < 0 else min(length, limit))
            rest = file.seek(0, io.SEEK_END) if length < 0 else span[1]
    except OSError as error:
        damage.append(Damage(str(path), f"cannot be read: {error.strerror or error}"))
        return ""
    if rest > span[0] + len(data):
        where = f"{path}: bytes {span[0] + len(data)}-{rest}"
        damage.append(Damage(where, f"over {limit >> 20} MB: the rest is not read"))
    if not data.strip():
        damage.append(Damage(str(path), "empty"))
    if data.count(b"\0"):
        where = f"{path}: byte {span[0] + data.index(0)}"
        damage.append(Damage(where, f"{data.count(0)} NUL bytes"))
    return decoded(data, f"{path}: byte", span[0], damage)


def document(path: Path, span: Span, damage: list[Damage], limit: int = LIMIT) -> Any:
    """The JSON document in a span of the file, as far as it can be read; None if nothing can."""
    raw = text(path, span, damage, limit)
    value, faults = salvage(raw)
    for start, what in faults:
        byte = span[0] + len(raw[:start].encode("utf-8", "surrogateescape"))
        damage.append(Damage(f"{path}: byte {byte}", what))
    return value


def records(path: Path, damage: list[Damage], limit: int = 0) -> Iterator[tuple[str, Any]]:
    """The values of a file of JSON lines, each with its place. Only one line is in memory at a time.

    With a `limit`, only the first bytes of the file are read.
    """
    other = _Run(path, damage)
    encoding: list[Damage] = []
    try:
        with open_bytes(path) as opened:
            file = io.BytesIO(opened.read(limit)) if limit else opened
            for number, line in _lines(file, path, damage):
                here = f"{path}: line {number}"
                stripped = line.strip(BLANK)
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
    """The bytes as text; bytes that are not UTF-8 become surrogates. A negative `offset` is not reported."""
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
    """Further values on a line, after two writers collided or a newline was lost."""
    decoder = json.JSONDecoder(strict=False)
    try:
        _, end = decoder.raw_decode(raw)
        while (start := raw.find("{", end)) >= 0:
            value, end = decoder.raw_decode(raw, start)
            yield here, value
    except (ValueError, RecursionError):
        return


class _Run:
    """Consecutive lines that are not JSON: reported as one damage."""

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
    """Skip to the end of the line; returns where the next one begins."""
    while chunk := file.read(_CHUNK):
        newline = chunk.find(b"\n")
        if newline >= 0:
            return file.seek(newline + 1 - len(chunk), io.SEEK_CUR)
    return file.tell()


def open_bytes(path: Path) -> BinaryIO:
    """The file; if it begins with a UTF-16 byte order mark, its content in UTF-8."""
    file = path.open("rb")
    if file.read(2) not in _WIDE:
        file.seek(0)
        return file
    with file:
        file.seek(0)
        return io.BytesIO(file.read(2 * LIMIT).decode("utf-16", "replace").encode("utf-8"))


def spans(path: Path, damage: list[Damage]) -> list[Span]:
    """The byte spans of the traces in a file with many: its lines, or the elements of its list."""
    with open_bytes(path) as file:
        first = file.read(HEAD).removeprefix(_BOM).lstrip()
        if first[:1] == b"[" and not _whole(first.split(b"\n", 1)[0]):
            return _elements(path)
        file.seek(0)
        found: list[Span] = []
        start = 0
        while line := file.readline(LIMIT):
            end = start + len(line)
            while not line.endswith(b"\n") and (more := file.readline(LIMIT)):
                end += len(more)
                line = line[:16] + more[-1:]
            if line.removeprefix(_BOM).lstrip()[:1] in (b"{", b"["):
                found.append((start, end))
            elif line.strip(BLANK):
                damage.append(Damage(f"{path}: bytes {start}-{end}", "not JSON"))
            start = end
    return found


def _whole(line: bytes) -> bool:
    """Whether the line is a complete conversation, so that each line of the file is one."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and "role" in value[0]


def _elements(path: Path) -> list[Span]:
    """The elements of a list; everything after a damaged place is one element."""
    raw = text(path, WHOLE, [])
    decoder = json.JSONDecoder(strict=False)
    found: list[Span] = []
    at = raw.index("[") + 1
    byte = _bytes(raw[:at]) + _mark(path)
    while (match := _NEXT.match(raw, at)) is not None:
        byte += _bytes(raw[at : match.end()])
        try:
            _, end = decoder.raw_decode(raw, match.end())
        except (ValueError, RecursionError):
            end = len(raw)
        size = _bytes(raw[match.end() : end])
        found.append((byte, byte + size))
        byte, at = byte + size, end
    return found


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogateescape"))


def _mark(path: Path) -> int:
    with open_bytes(path) as file:
        return 3 if file.read(3) == _BOM else 0


def stem(path: Path) -> str:
    """The file's name without the suffix of its type."""
    name = path.name
    suffix = next((each for each in _SUFFIXES if name.endswith(each) and name != each), "")
    return name.removesuffix(suffix)
