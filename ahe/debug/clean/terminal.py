"""What a terminal finally shows for a text: control sequences are executed, colours dropped, text kept.

Text without vertical cursor movement is resolved line by line with string operations; a whole screen is emulated
(`screen.py`) only if the cursor moves over several rows. Any text is accepted; the time is linear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate

from ahe.debug.clean.screen import Screen

_ASCII_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_STRAY = re.compile(r"[\x00-\x07\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
# Sequences that change no other character: colours, titles, links, modes, charsets, queries.
_SILENT = re.compile(
    r"\x1b(?:"
    r"\[[0-9;:]*m"
    r"|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?"
    r"|\[[<=>?][0-9;]*[a-zA-Z]"
    r"|\[[0-9;]*(?:[hlnctqmp]|[ -/]+[@-~])"
    r"|[PX^_][^\x1b\n]*\x1b\\"
    r"|[ -/]+[0-~]|[=>\\NOFlmno|}~Zg]"
    r"|(?:\[[0-?]*)?[ -/]*(?=\x1b)"  # cut off by the next sequence; otherwise it would swallow the following text
    r")"
)
# Sequences that affect other rows.
_VERTICAL = re.compile(
    r"[\x0b\x0c]|\x1b(?:"
    r"\[[0-9;]*[ABEFHLMSTdefkrsu]"
    r"|\[\??[123]J"
    r"|\[\?(?:[0-9;]*;)?(?:47|1047|1049)(?:;[0-9;]*)?[hl]"
    r"|[78DEMc]"
    r"|[PX^_][^\x1b\n]*\n"
    r")"
)
# Characters one column wide: latin, greek, cyrillic, dashes, arrows, boxes, blocks, braille.
_NARROW = re.compile(
    r"[\r -~\u00a0-\u00ac\u00ae-\u02ff\u0391-\u03ff\u0410-\u044f\u2010-\u2027\u2190-\u21ff\u2500-\u25e0\u2801-\u28ff]*"
)
_OVERTYPED = re.compile(r"[ -~]\x08(?=[ -~])")
# Each of these leaves an empty row with the cursor at its start.
_WIPES = (
    "\r\x1b[K",
    "\r\x1b[0K",
    "\r\x1b[2K",
    "\r\x1b[J",
    "\r\x1b[0J",
    "\x1b[2K\r",
    "\x1b[2K\x1b[1G",
    "\x1b[1G\x1b[K",
)


@dataclass(slots=True)
class Shown:
    """The rows of a text as a terminal shows them, each with the range of raw characters that produced it.

    `changed` are the indexes of rows that differ from their raw characters, ascending. The ranges cover the text
    without gaps. With `drawn` all rows were drawn together and have the same range. An empty text has no rows.
    """

    rows: list[str]
    starts: list[int]
    ends: list[int]
    changed: list[int]
    drawn: bool = False


def resolve(text: str) -> str:
    """The text as a terminal finally shows it. Never raises; bytes that were not UTF-8 become U+FFFD."""
    if not has_control(text):
        return text
    if "\x1b" in text or "\x0b" in text or "\x0c" in text:
        if _VERTICAL.search(text):
            rows = _emulated(text)
            return "\n".join(rows) + "\n" * (text[-1] == "\n" and rows != [""])
        text = _quiet(text)
    if "\r\n" in text:
        text = re.sub(r"(?<!\r)\r+\n", "\n", text)
    if not has_control(text):
        return text
    return "\n".join([_line(line) if has_control(line) else line for line in text.split("\n")])


def show(text: str) -> Shown:
    """The rows of the text with their raw ranges; the rows joined by newlines are `resolve(text)`."""
    if has_control(text) and _VERTICAL.search(text):
        rows = _emulated(text)
        ends = [len(text)] * len(rows)
        return Shown(rows, [0] * len(rows), ends, [*range(len(rows))], drawn=True)
    raw = text.split("\n")
    starts = list(accumulate([len(line) + 1 for line in raw], initial=0))
    starts[-1] = len(text)
    changed: list[int] = []
    rows = raw
    if has_control(text):
        rows = resolve(text).split("\n")
        changed = [i for i, (line, row) in enumerate(zip(raw, rows, strict=True)) if line != row]
    if not raw[-1]:
        rows.pop()
        starts.pop()
    return Shown(rows, starts[:-1], starts[1:], changed)


def has_control(text: str) -> bool:
    """Whether resolving could change the text."""
    return (_ASCII_CONTROL if text.isascii() else _CONTROL).search(text) is not None


def _quiet(text: str) -> str:
    """The text without sequences that only set colours or titles, or query the terminal."""
    return _SILENT.sub("", text)


def _line(line: str) -> str:
    """One line without silent sequences, as a terminal shows it."""
    line = line.rstrip("\r")
    if "\x1b" in line:
        line = line[max((line.rfind(wipe) + len(wipe) for wipe in _WIPES if wipe in line), default=0) :]
    if _STRAY.search(line) and "\x1b" not in line:
        line = _STRAY.sub("", line)
    if "\x08" in line and "\x1b" not in line:
        line = _OVERTYPED.sub("", line)
    if "\x1b" in line or "\x08" in line or "\t" in line or not _NARROW.fullmatch(line):
        if not _CONTROL.search(line):
            return line
        if not re.search(r"[\r\x08\x1b]", line):
            return _SURROGATE.sub("\ufffd", line)
        screen = Screen()
        screen.feed(line, spare=100)
        return "".join(screen.rows[0]).rstrip(" ")
    if "\r" not in line:
        return line
    shown = ""
    for part in reversed(line.split("\r")):
        if len(part) > len(shown):
            shown += part[len(shown) :]
    return shown.rstrip(" ")


def _emulated(text: str) -> list[str]:
    screen = Screen()
    screen.feed(text)
    return screen.shown()
