"""Reads files as JSON, JSON lines or text, also compressed ones. Damaged bytes are reported and the rest is read."""

import io
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Literal

from ahe.debug.readers import lenient_json as j
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
_NOT_UTF8 = "not UTF-8; the bytes are kept"
Span = tuple[int, int]
WHOLE: Span = (0, 0)
Shape = Literal["document", "lines", "text", "folder", "rows", "list", "archive"]
"""One trace: `document` is one JSON value, `lines` are JSON lines, `text` is a recording of a terminal, `folder` has
many JSON files. Many traces: `rows` has one on each line, `list` one in each element, `archive` one in each member."""
SHARED = ("rows", "list", "archive")
"""Shapes of files with many traces."""


def text(path: Path, damage: list[Damage], span: Span = WHOLE, limit: int = LIMIT) -> str:
    """The text in a span of the file, at most `limit` bytes."""
    start, end = span
    try:
        with open_bytes(path, damage) as file:
            file.seek(start)
            data = file.read(min(limit, end - start) if end else limit)
            end = end or file.seek(0, io.SEEK_END)
    except OSError as error:
        damage.append(Damage(str(path), f"cannot be read: {error.strerror or error}"))
        return ""
    if end > start + len(data):
        where = f"{path}: bytes {start + len(data)}-{end}"
        damage.append(Damage(where, f"over {limit >> 20} MB: the rest is not read"))
    if b"\0" in data:
        damage.append(Damage(f"{path}: byte {start + data.index(0)}", f"{data.count(0)} NUL bytes"))
    raw, bad = _decoded(data)
    if bad >= 0:
        damage.append(Damage(f"{path}: byte {start + bad}", _NOT_UTF8))
    return raw.removeprefix("\ufeff")


def _decoded(data: bytes) -> tuple[str, int]:
    """The bytes as text, and the first of them that is not UTF-8, else -1; those become surrogates."""
    try:
        return data.decode("utf-8"), -1
    except UnicodeDecodeError as error:
        return data.decode("utf-8", "surrogateescape"), error.start


def document(path: Path, damage: list[Damage], span: Span = WHOLE, limit: int = LIMIT) -> Any:
    """The JSON document in a span of the file, as far as it can be read; None if nothing can."""
    raw = text(path, damage, span, limit)
    value, faults = j.salvage(raw)
    for at, what in faults:
        byte = span[0] + len(raw[:at].encode("utf-8", "surrogateescape"))
        damage.append(Damage(f"{path}: byte {byte}", what))
    return value


def records(path: Path, damage: list[Damage], limit: int = 0) -> Iterator[Any]:
    """The values of a file of JSON lines. Only one line is in memory at a time.

    With a `limit`, only the first bytes of the file are read.
    """
    wrong: dict[str, list[int]] = defaultdict(list)
    try:
        with open_bytes(path, damage) as opened:
            for number, line in _lines(io.BytesIO(opened.read(limit)) if limit else opened, path, damage):
                raw, bad = _decoded(line.strip(BLANK))
                if bad >= 0:
                    wrong[_NOT_UTF8].append(number)
                if raw[:1] in ("{", "["):
                    value, faults = j.salvage(raw)
                    where = f"{path}: line {number}"
                    damage.extend(Damage(where, f"{what} at character {start}") for start, what in faults)
                    if value:
                        yield value
                elif raw or b"\0" in line:
                    wrong["not JSON" if raw else "NUL bytes"].append(number)
    except OSError as error:
        damage.append(Damage(str(path), f"cannot be read: {error.strerror or error}"))
    for what, numbers in wrong.items():
        more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
        damage.append(Damage(f"{path}: line {', '.join(map(str, numbers[:5]))}{more}", what))


def folder(place: Path, damage: list[Damage], limit: int) -> Iterator[Any]:
    """The JSON files of a folder in natural order; opencode keeps the parts of a message in a folder beside it."""
    for path in _natural(place)[: 20 if limit else MANY]:
        value = document(path, damage)
        key = j.text(value, "id")
        parts = place.parent.parent / "part" / (key or "-")
        if key and "/" not in key and parts.is_dir():
            value = {**value, "parts": [document(each, damage) for each in _natural(parts)[:MANY]]}
        yield value


def _natural(folder: Path) -> list[Path]:
    """The JSON files of a folder, with the numbers in their names in order."""
    found = [path for path in folder.glob("*.json") if path.is_file()]
    return sorted(found, key=lambda path: [part.zfill(18) for part in _DIGITS.split(path.name)])


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


def rows(path: Path, damage: list[Damage]) -> list[Span]:
    """The spans of the lines of a file that are JSON."""
    found: list[Span] = []
    with open_bytes(path) as file:
        for _, line in _lines(file, path, damage):
            span = (file.tell() - len(line), file.tell())
            if line.lstrip()[:1] in (b"{", b"["):
                found.append(span)
            elif line.strip(BLANK):
                damage.append(Damage(f"{path}: bytes {span[0]}-{span[1]}", "not JSON"))
    return found


def elements(path: Path, damage: list[Damage]) -> list[Span]:
    """The spans of the elements of a list, or of a log's samples; everything after a damaged place is one element."""
    with open_bytes(path) as file:
        raw = file.read(LIMIT).decode("latin-1")  # one character for each byte
        if file.read(1):
            damage.append(Damage(f"{path}: byte {LIMIT}", f"over {LIMIT >> 20} MB: the rest is not read"))
    at = raw.find("[") + 1
    if "{" in raw[:at] and (samples := _SAMPLES.search(raw)):
        at = samples.end()
    decoder = json.JSONDecoder(strict=False)
    found: list[Span] = []
    while (match := _NEXT.match(raw, at)) is not None:
        try:
            at = decoder.raw_decode(raw, match.end())[1]
        except (ValueError, RecursionError):
            at = len(raw)
        found.append((match.end(), at))
    return found


def stem(path: Path) -> str:
    """The file's name without the suffix of its type."""
    name = path.name.removesuffix(".gz").removesuffix(".zst") or path.name
    suffix = next((each for each in _SUFFIXES if name.endswith(each) and name != each), "")
    return name.removesuffix(suffix)
