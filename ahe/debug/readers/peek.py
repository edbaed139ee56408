"""The beginning of a file, read by its format's reader: enough to know whose rollout it is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ahe.debug.readers import files
from ahe.debug.readers.build import Draft
from ahe.debug.readers.files import LIMIT, Span
from ahe.debug.readers.read import take_document, take_lines, task_name
from ahe.debug.readers.salvage import salvage
from ahe.debug.readers.sniff import HEAD, Kind
from ahe.debug.readers.source import Skipped

_INSTANCE = re.compile(r"[\w.-]+__[\w.-]+-\d+")
_SIZES = (HEAD, 1 << 20, 16 << 20)


def stem(path: Path) -> str:
    """The file's name without what says its type."""
    name = path.name
    for suffix in (
        ".traj.json",
        ".trajectory.json",
        ".json",
        ".jsonl",
        ".traj",
        ".cast",
        ".log",
        ".txt",
        ".ansi",
    ):
        if name.endswith(suffix) and name != suffix:
            return name.removesuffix(suffix)
    return name


def task_of(path: Path, kind: Kind, span: Span) -> str:
    """The task of a foreign trace: named in it, or made from its first user message, or the file's name."""
    if kind.format in ("terminal", "asciinema"):
        return stem(path)
    if kind.format.endswith("swe-agent") and _INSTANCE.fullmatch(stem(path)):
        return stem(path)
    name = ""
    for size in _SIZES:
        head, cut = _head(path, span, size)
        draft = _read(head, kind)
        name = task_name(draft)
        if not cut or (draft.task and len(draft.task) < HEAD // 2) or 0 <= draft.asked[0] < draft.count - 1:
            break
    return name or stem(path)


def _head(path: Path, span: Span, size: int) -> tuple[str, bool]:
    try:
        with files.open_bytes(path) as file:
            file.seek(span[0])
            length = span[1] - span[0] if span != files.WHOLE else size + 1
            data = file.read(min(length, size + 1))
    except OSError:
        return "", False
    return data[:size].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape"), len(data) > size


def _read(head: str, kind: Kind) -> Draft:
    draft = Draft("")
    if kind.shape == "lines":
        take_lines(kind.format, _records(head), draft)
    else:
        take_document(kind.format, salvage(head.strip("\0 \r\n\t"))[0], draft)
    return draft


def _records(head: str) -> Iterator[tuple[str, Any]]:
    for line in head.split("\n"):
        stripped = line.strip("\0 \r\t")
        if stripped[:1] in ("{", "["):
            value, _ = salvage(stripped)
            if value:
                yield "", value


def session(path: Path) -> str:
    """The session that a file of Claude Code's belongs to where it is a sub-agent's, else nothing."""
    for _, record in _records(_head(path, files.WHOLE, HEAD)[0]):
        if isinstance(record, dict) and isinstance(record.get("sessionId"), str):
            return record["sessionId"] if record.get("isSidechain") is True else ""
    return ""


def spans(path: Path, skipped: list[Skipped]) -> list[Span]:
    """Where the traces of a file with many begin and end, in bytes: its lines, or the elements of its list."""
    with files.open_bytes(path) as file:
        first = file.read(HEAD).removeprefix(b"\xef\xbb\xbf").lstrip()
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
            if line.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["):
                found.append((start, end))
            elif line.strip(b"\0 \r\n\t"):
                skipped.append(Skipped(f"{path}: bytes {start}-{end}", "not JSON"))
            start = end
    return found


def _whole(line: bytes) -> bool:
    """Whether the line is a list that is a conversation, of which there are more lines."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict) and "role" in value[0]


def _elements(path: Path) -> list[Span]:
    """The elements of a list; behind a damage the rest is one."""
    raw = files.text(path, files.WHOLE, [])
    decoder = json.JSONDecoder(strict=False)
    found: list[Span] = []
    at = raw.index("[") + 1
    byte = _bytes(raw[:at]) + _mark(path)
    while (match := re.compile(r"[\s,]*(?=[{\[])").match(raw, at)) is not None:
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
    with files.open_bytes(path) as file:
        return 3 if file.read(3) == b"\xef\xbb\xbf" else 0
