"""The table of readers, and detection of a file's type."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ahe.debug.readers import (
    atif,
    chat,
    claude_code,
    codex,
    files,
    gemini,
    inspect_ai,
    nexau,
    opencode,
    openhands,
    packed,
    pi,
    responses,
    swe_agent,
    terminal,
)
from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft
from ahe.debug.readers.files import Shape

READERS: dict[str, tuple[Callable[[Any, bool], bool], Callable[[Any, Draft], None]]] = {
    "atif": (atif.sniff, atif.parse),
    "nexau": (nexau.sniff, nexau.parse),
    "gemini": (gemini.sniff, gemini.parse),
    "opencode": (opencode.sniff, opencode.parse),
    "pi": (pi.sniff, pi.parse),
    "claude-code": (claude_code.sniff, claude_code.parse),
    "codex": (codex.sniff, codex.parse),
    "openhands": (openhands.sniff, openhands.parse),
    "swe-agent": (swe_agent.sniff, swe_agent.parse),
    "mini-swe-agent": (swe_agent.sniff_mini, swe_agent.parse_mini),
    "inspect": (inspect_ai.sniff, inspect_ai.parse),
    "openai-responses": (responses.sniff, responses.parse),
    "openai-chat": (chat.sniff, chat.parse),
    "asciinema": (terminal.sniff, terminal.parse),
    "terminal": (lambda value, line: False, terminal.parse),
}
"""By format, best first: the first that recognises a file reads it. `sniff(value, line)` says whether a value is a
document of the format or, with `line`, one of its lines. `parse(value, draft)` adds the steps of a file to a draft: a
document, the list of the values in its lines, or a text that is no JSON. It never raises because of the value."""
SCREENS = ("asciinema", "terminal")
"""Formats that show what a person would have seen: copies of other recordings beside them."""
FileType = tuple[str, Shape]
"""A format and the shape of the file."""

_CONTROL = bytes((*range(9), *range(14, 27)))


def sniff(path: Path, given: bool = False) -> FileType | str:
    """The type of a file by its beginning, else why it is not read; `given` says that the user named the file."""
    if packed.members(path):
        return "inspect", "archive"
    try:
        with packed.open_bytes(path, limit=files.HEAD) as file:
            head = file.read(files.HEAD)
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    if not head.strip(files.BLANK + b"\xef\xbb\xbf"):
        return "empty" if not head.strip() else "nothing but NUL bytes"
    text = head.decode("utf-8", "surrogateescape").removeprefix("\ufeff").lstrip("\0 \r\n\t")
    if (found := sniff_json(text)) is not None:
        return found
    begin = head[:8192]
    control = len(begin) - len(begin.translate(None, _CONTROL))
    if control * 20 > len(begin) or b"\0\0\0\0" in begin:
        return "a SQLite database" if head.startswith(b"SQLite format 3") else "binary"
    if text[:1] in "{[" and not text.startswith("[?"):
        return "JSON, but no known form of a trace"
    name = path.name.removesuffix(".gz").removesuffix(".zst")
    return terminal.sniff_text(text, name, given) or ("terminal", "text")


def sniff_json(text: str) -> FileType | None:
    """The type of a text that is JSON, the beginning of JSON, or lines of which some are JSON."""
    lines = [line for line in text.split("\n") if line[:1] in ("{", "[") and len(line) > 2]
    values = [value for line in lines[:50] if (value := j.parsed(line)) is not None]
    for value in values if len(values) > 1 else ():
        if found := _first(value, line=True):
            return found, "lines"
        if (inner := _document(value)) and inner[1] == "document":
            return inner[0], "rows"
    return _document(j.salvage(text)[0]) if text[:1] in ("{", "[") else None


def _document(value: Any, depth: int = 0) -> FileType | None:
    """The type of a JSON document: a trace, or a list of traces, possibly nested in lists."""
    if inspect_ai.is_log(value):
        return "inspect", "list"
    if found := _first(value, line=False):
        return found, "document"
    many = [each for each in j.listing(value) if isinstance(each, dict | list)] if depth < 9 else []
    types = (_document(each, depth + 1) for each in many[:5])
    return next(((inner[0], "list") for inner in types if inner), None)


def _first(value: Any, line: bool) -> str:
    """The format of the first reader that recognises the value, else an empty string."""
    return next((format for format, (recognises, _) in READERS.items() if recognises(value, line)), "")
