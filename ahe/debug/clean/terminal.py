"""What a terminal finally shows for a text: control sequences are executed, colours dropped, text kept.

Text without vertical cursor movement is resolved line by line with string operations; a whole screen is emulated
(`screen.py`) only if the cursor moves over several rows. Any text is accepted; the time is linear.
"""

import re

from ahe.debug.clean.screen import Screen

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_STRAY = re.compile(r"[\x00-\x07\x0e-\x1f\x7f]")
_C1 = re.compile(r"[\x80-\x9f]")
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
# Leaves an empty row with the cursor at its start.
_WIPE = re.compile(r"\r\x1b\[(?:[02]?K|0?J)|\x1b\[2K(?:\r|\x1b\[1G)|\x1b\[1G\x1b\[K")


def resolve(text: str) -> str:
    """The text as a terminal finally shows it. Never raises; bytes that were not UTF-8 become U+FFFD."""
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", _C1.sub("", text))
    if not _CONTROL.search(text):
        return text
    if _VERTICAL.search(text):
        screen = Screen()
        screen.feed(text)
        rows = screen.shown()
        return "\n".join(rows) + "\n" * (text[-1] == "\n" and rows != [""])
    lines = _SILENT.sub("", text).split("\n")
    return "\n".join([_line(line) if _CONTROL.search(line) else line for line in lines])


def _line(line: str) -> str:
    """One line without silent sequences, as a terminal shows it."""
    line = _WIPE.split(line.rstrip("\r"))[-1]
    if "\x1b" not in line:
        line = _OVERTYPED.sub("", _STRAY.sub("", line))
    if not re.search(r"[\r\x08\x1b]", line):
        return line
    if not _NARROW.fullmatch(line):
        screen = Screen()
        screen.feed(line, spare=100)
        return "".join(screen.rows[0]).rstrip(" ")
    shown = ""
    for part in reversed(line.split("\r")):
        shown += part[len(shown) :]
    return shown.rstrip(" ")
