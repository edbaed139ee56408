"""Recordings of a terminal: a log with its escape sequences, `script`'s typescript, asciinema's casts.

A line that begins with a prompt is the agent's call, as it stands; what follows is its result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ahe.debug.readers.build import Draft
from ahe.debug.readers.trace import Text
from ahe.debug.readers.values import listing, mapping, number, string, whole

CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[@-Z\\-_=>])")
PROMPT = re.compile(
    r"(?:\([\w.-]+\)\s)?(?:\[?[\w.-]+@[\w.-]+[\s:][^\n$#%]{0,200}[$#%]|[~/][^\s$#%]{0,200}[$#%]|[$❯➜]) (\S.*)"
)
_DONE = re.compile(r'^Script done on (?:[^\n]*COMMAND_EXIT_CODE="(\d+)")?', re.MULTILINE)
_PIECE = 1 << 20
"""Characters of one step; longer output is parted at a line's end."""


def plain(text: str, draft: Draft) -> None:
    """A log or a typescript."""
    pending: list[str] = []
    size = 0
    for line in re.findall(r"[^\n]*\n|[^\n]+$", text):
        if _prompted(line):
            _flush(pending, draft)
            size = 0
            draft.add("agent", [Text("call", line.rstrip("\n"), "shell")])
            continue
        pending.append(line)
        size += len(line)
        if size > _PIECE:
            _flush(pending, draft)
            size = 0
    _flush(pending, draft)
    done = _DONE.search(text, max(0, len(text) - 500))
    if done:
        draft.ended = f"exit {done[1]}" if done[1] else "done"


def _prompted(line: str) -> bool:
    if len(line) > 4_000:
        return False
    bare = CODES.sub("", line) if "\x1b" in line else line
    return PROMPT.match(bare.lstrip("\r")) is not None


def _flush(pending: list[str], draft: Draft) -> None:
    text = "".join(pending)
    if text.strip():
        draft.add("environment", [Text("result", whole(text), "shell")])
    pending.clear()


def cast(records: Iterable[tuple[str, Any]], draft: Draft) -> None:
    """asciinema 2 and 3: a head, then events. What was typed is echoed in what was shown."""
    shown: list[str] = []
    clock = 0.0
    relative = False
    for where, record in records:
        if isinstance(record, dict):
            relative = record.get("version") == 3
            draft.claim(record)
            continue
        event = listing(record)
        if len(event) < 3 or not isinstance(event[1], str):
            draft.wrong("no event of a recording", where)
            continue
        clock = clock + number(event[0]) if relative else number(event[0])
        if event[1] == "o":
            shown.append(string(event[2]))
        elif event[1] == "x":
            draft.ended = f"exit {string(event[2]) or event[2]}"
    draft.seconds = clock
    plain("".join(shown), draft)


def document(value: Any, draft: Draft) -> None:
    """asciinema 1: one document with pauses and texts."""
    top = mapping(value)
    draft.seconds = number(top.get("duration"))
    pairs = [listing(each) for each in listing(top.get("stdout"))]
    plain("".join(string(pair[1]) for pair in pairs if len(pair) > 1), draft)
