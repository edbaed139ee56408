"""Reads files as JSON, JSON lines or text, also compressed ones. Damaged bytes are reported and the rest is read."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from ahe.debug.readers.lenient_json import mapping, salvage, string
from ahe.debug.readers.packed import MANY, open_bytes
from ahe.debug.readers.trace import Damage

LIMIT = 64 << 20
"""Bytes of one line or one document that are read."""
HEAD = 64 << 10
"""Bytes at the beginning of a file that determine its type."""
BLANK = b"\0 \t\r\n"
"""Bytes that may surround a value."""
_BOM = b"\xef\xbb\xbf"
_NEXT = re.compile(r"[\s,]*(?=[{\[])")
_SAMPLES = re.compile(r'"samples"\s{0,9}:\s{0,9}\[')
_DIGITS = re.compile(r"(\d{1,18})")
_SUFFIXES = [".traj.json", ".trajectory.json", ".json", ".jsonl", ".traj", ".cast", ".log", ".txt", ".ansi"]
Span = tuple[int, int]
WHOLE: Span = (0, 0)
Shape = Literal["document", "lines", "many", "text", "folder"]
"""`document` is one JSON value, `lines` one trace in JSON lines, `many` a trace on each line, in each element of a
list or in each member of an archive, `text` a recording of a terminal, `folder` one trace in many JSON files."""


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
    if shape in ("lines", "folder"):
        found = records(path, damage, limit) if shape == "lines" else _folder(path, damage, limit)
        return Content("lines", lines=found, subagent=subagent)
    read = text if shape == "text" else document
    return Content(shape, read(path, span, damage, limit or LIMIT), subagent=subagent)


def text(path: Path, span: Span, damage: list[Damage], limit: int = LIMIT) -> str:
    """The text in a span of the file, at most `limit` bytes."""
    try:
        with open_bytes(path, damage) as file:
            file.seek(span[0])
            length = span[1] - span[0] if span != WHOLE else -1
            data = file.read(limit if length < 0 else min(length, limit))
            rest = file.seek(0, io.SEEK_END) if length < 0 else span[1]
    except OSError as error:
        damage.append(unreadable(path, error))
        return ""
    if rest > span[0] + len(data):
        where = f"{path}: bytes {span[0] + len(data)}-{rest}"
        damage.append(Damage(where, f"over {limit >> 20} MB: the rest is not read"))
    if not data.strip():
        damage.append(Damage(str(path), "empty"))
    if data.count(b"\0"):
        damage.append(Damage(f"{path}: byte {span[0] + data.index(0)}", f"{data.count(0)} NUL bytes"))
    return decoded(data, f"{path}: byte", span[0], damage)


def unreadable(path: Path, error: OSError) -> Damage:
    return Damage(str(path), f"cannot be read: {error.strerror or error}")


def document(path: Path, span: Span, damage: list[Damage], limit: int = LIMIT) -> Any:
    """The JSON document in a span of the file, as far as it can be read; None if nothing can."""
    raw = text(path, span, damage, limit)
    value, faults = salvage(raw)
    damage.extend(Damage(f"{path}: byte {span[0] + _bytes(raw[:start])}", what) for start, what in faults)
    return value


def records(path: Path, damage: list[Damage], limit: int = 0) -> Iterator[tuple[str, Any]]:
    """The values of a file of JSON lines, each with its place. Only one line is in memory at a time.

    With a `limit`, only the first bytes of the file are read.
    """
    other: list[int] = []
    undecoded: list[int] = []
    try:
        with open_bytes(path, damage) as opened:
            file = io.BytesIO(opened.read(limit)) if limit else opened
            for number, line in _lines(file, path, damage):
                here = f"{path}: line {number}"
                if not (stripped := line.strip(BLANK)):
                    if b"\0" in line:
                        damage.append(Damage(here, "NUL bytes"))
                    continue
                bad: list[Damage] = []
                raw = decoded(stripped, here, -1, bad)
                undecoded += [number] * len(bad)
                if raw[:1] not in "{[":
                    other.append(number)
                    continue
                value, faults = salvage(raw)
                damage.extend(Damage(here, f"{what} at character {start}") for start, what in faults)
                if value:
                    yield here, value
    except OSError as error:
        damage.append(unreadable(path, error))
    for numbers, what in ((other, "not JSON"), (undecoded, "not UTF-8; the bytes are kept")):
        if numbers:
            damage.append(Damage(f"{path}: line {_ranges(numbers)}", what))


def _ranges(numbers: list[int]) -> str:
    """The line numbers as ranges, at most five: `2-3, 7`."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    said = [f"{first}" if first == last else f"{first}-{last}" for first, last in found[:5]]
    return ", ".join(said) + (f" and {len(found) - 5} more" if len(found) > 5 else "")


def _folder(folder: Path, damage: list[Damage], limit: int) -> Iterator[tuple[str, Any]]:
    """The JSON files of a folder in natural order; opencode keeps the parts of a message in a folder beside it."""
    for path in natural(folder)[: MANY if not limit else 20]:
        value = document(path, WHOLE, damage)
        key = string(mapping(value).get("id"))
        parts = folder.parent.parent / "part" / (key or "-")
        if key and "/" not in key and parts.is_dir():
            value = {**value, "parts": [document(each, WHOLE, damage) for each in natural(parts)[:MANY]]}
        yield str(path), value


def natural(folder: Path) -> list[Path]:
    """The JSON files of a folder, with the numbers in their names in order."""
    found = [path for path in folder.glob("*.json") if path.is_file()]
    return sorted(found, key=lambda path: [part.zfill(18) for part in _DIGITS.split(path.name)])


def decoded(data: bytes, where: str, offset: int, damage: list[Damage]) -> str:
    """The bytes as text; bytes that are not UTF-8 become surrogates and are reported."""
    plain = data.removeprefix(_BOM)
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError as error:
        place = f"{where} {offset + error.start + len(data) - len(plain)}" if offset >= 0 else where
        damage.append(Damage(place, "not UTF-8; the bytes are kept"))
        return plain.decode("utf-8", "surrogateescape")


def _lines(file: IO[bytes], path: Path, damage: list[Damage]) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(LIMIT + 1):
        number += 1
        if len(line) > LIMIT and not line.endswith(b"\n"):
            start = file.tell() - len(line)
            del line
            while (chunk := file.readline(1 << 20)) and not chunk.endswith(b"\n"):
                pass
            where = f"{path}: bytes {start}-{file.tell()}"
            damage.append(Damage(where, f"line {number} is over {LIMIT >> 20} MB"))
            continue
        yield number, line.removeprefix(_BOM) if number == 1 else line


def spans(path: Path, damage: list[Damage]) -> list[Span]:
    """The byte spans of the traces in a file with many: its lines, or the elements of its list."""
    with open_bytes(path) as file:
        first = file.read(HEAD).removeprefix(_BOM).lstrip()
        start = first.split(b"\n", 1)[0]
        if not _whole(start):
            return _elements(path, damage)
        file.seek(0)
        found: list[Span] = []
        at = 0
        while line := file.readline(LIMIT):
            end = at + len(line)
            while not line.endswith(b"\n") and (more := file.readline(LIMIT)):
                end += len(more)
                line = line[:16] + more[-1:]
            if line.removeprefix(_BOM).lstrip()[:1] in (b"{", b"["):
                found.append((at, end))
            elif line.strip(BLANK):
                damage.append(Damage(f"{path}: bytes {at}-{end}", "not JSON"))
            at = end
    return found


def _whole(line: bytes) -> bool:
    """Whether the first line is a complete conversation, so that each line of the file is one."""
    value = salvage(line[:HEAD].decode("utf-8", "replace"))[0]
    if isinstance(value, list):
        return (
            bool(value) and isinstance(value[0], dict) and "role" in value[0] and line.rstrip()[-1:] == b"]"
        )
    return isinstance(value, dict) and bool(value) and not value.keys() >= {"eval", "version"}


def _elements(path: Path, damage: list[Damage]) -> list[Span]:
    """The elements of a list, or of the list of samples; everything after a damaged place is one element."""
    raw = text(path, WHOLE, damage)
    decoder = json.JSONDecoder(strict=False)
    found: list[Span] = []
    samples = _SAMPLES.search(raw) if raw.lstrip()[:1] == "{" else None
    at = samples.end() if samples else raw.find("[") + 1
    with open_bytes(path) as file:
        byte = _bytes(raw[:at]) + (3 if file.read(3) == _BOM else 0)
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


def stem(path: Path) -> str:
    """The file's name without the suffix of its type."""
    name = path.name
    for packed in (".gz", ".zst"):
        name = name.removesuffix(packed) or name
    suffix = next((each for each in _SUFFIXES if name.endswith(each) and name != each), "")
    return name.removesuffix(suffix)
