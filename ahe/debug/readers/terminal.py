"""Recordings of a terminal: logs with escape sequences, typescripts of `script`, asciinema casts.

A line that begins with a prompt is a call of the agent, kept whole; the lines after it are its result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ahe.debug.readers import results
from ahe.debug.readers.draft import Draft
from ahe.debug.readers.files import Content
from ahe.debug.readers.lenient_json import encodable, listing, mapping, number, string
from ahe.debug.readers.trace import Text

_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[@-Z\\-_=>])")
_PROMPT = re.compile(
    r"(?:\([\w.-]+\)\s)?(?:\[?[\w.-]+@[\w.-]+[\s:][^\n$#%]{0,200}[$#%]|[~/][^\s$#%]{0,200}[$#%]|[$❯➜]) (\S.*)"
)
_LOGS = (".log", ".out", ".txt", ".ansi", ".typescript", ".term", ".session", ".rec")
_DONE = re.compile(r'^Script done on (?:[^\n]*COMMAND_EXIT_CODE="(\d+)")?', re.MULTILINE)
_PIECE = 1 << 20
"""Characters of one step; longer output is split at a line break."""


def sniff_text(text: str, name: str, given: bool) -> str:
    """Why a text that is not JSON is not a recording; empty if it is one.

    `given` says that the user named this file, which makes any text a recording.
    """
    if given or text.startswith("Script started on "):
        return ""
    if _CODES.search(text) or re.search(r"[^\r\n]\r[^\r\n]", text):
        return ""
    if not name.lower().endswith(_LOGS) and name != "typescript":
        return "no known form of a trace"
    if any(_PROMPT.match(line) for line in text.split("\n")):
        return ""
    return "text without a terminal's marks; name the file itself to have it read"


def sniff(value: Any, line: bool) -> bool:
    """Whether the value is the first line of an asciinema cast, or a cast of version 1."""
    top = mapping(value)
    if line:
        return top.get("version") in (2, 3) and ("width" in top or "term" in top)
    return top.get("version") == 1 and isinstance(top.get("stdout"), list)


def parse(content: Content, draft: Draft) -> None:
    """A log or a typescript, a cast of lines, or one of version 1, a document with pauses and texts."""
    if content.shape == "text":
        _plain(content.value, draft)
    elif content.shape == "lines":
        _cast(content.lines, draft)
    else:
        top = mapping(content.value)
        draft.seconds = number(top.get("duration"))
        pairs = [listing(each) for each in listing(top.get("stdout"))]
        _plain("".join(string(pair[1]) for pair in pairs if len(pair) > 1), draft)


def _plain(text: str, draft: Draft) -> None:
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
    mark_setup(draft)
    done = _DONE.search(text, max(0, len(text) - 500))
    if done:
        draft.ended = f"exit {done[1]}" if done[1] else "done"


_INSTALLER = re.compile(
    r"/installed-agent/|install-agent\.sh|\bsetup-env\.sh|\basciinema rec\b|^\s*(?:clear|reset)\s*$"
)
_ABSENT = re.compile(
    r"(?:command )?not found|No such file or directory|cannot execute|Permission denied|Cannot find module",
    re.IGNORECASE,
)


def mark_setup(draft: Draft) -> None:
    """Count the steps before the agent's own first command: first a harness installs the agent and starts it.

    The agent never started if all commands are the harness's and the last of them could not be run.
    """
    steps = draft.steps
    typed = [(step.id, step.raw) for step in steps if step.source == "agent"]
    commands = [(id, match[1]) for id, raw in typed if (match := _PROMPT.match(_bare(raw)))]
    last = max((n for n, (_, command) in enumerate(commands) if _INSTALLER.search(command)), default=-1)
    if last < 0:
        return
    installs = any("install" in command for _, command in commands[: last + 1])
    own = commands[last + 1 :]
    draft.setup = (own[0][0] - 1) if own else len(steps)
    if installs and own and len(own) == 1:
        answer = "\n".join(step.raw for step in steps if step.id > own[0][0])
        program = own[0][1].split()[0].rsplit("/", 1)[-1]
        heads = [_bare(line) for line in answer.split("\n")[:3]]
        if any(program in line and _ABSENT.search(line) for line in heads):
            draft.setup, draft.started = len(steps), False


def _bare(line: str) -> str:
    return (_CODES.sub("", line) if "\x1b" in line else line).lstrip("\r")


def _prompted(line: str) -> bool:
    if len(line) > 4_000:
        return False
    return _PROMPT.match(_bare(line)) is not None


def _flush(pending: list[str], draft: Draft) -> None:
    text = "".join(pending)
    if text.strip():
        draft.add("environment", [results.result(encodable(text), "shell", draft.last_call)])
    pending.clear()


def _cast(records: Iterable[tuple[str, Any]], draft: Draft) -> None:
    """asciinema 2 and 3: a header, then events. Input events are ignored: the output echoes them."""
    shown: list[str] = []
    clock = 0.0
    relative = False
    for where, record in records:
        if isinstance(record, dict):
            relative = record.get("version") == 3
            draft.read_metadata(record)
            continue
        event = listing(record)
        if len(event) < 3 or not isinstance(event[1], str):
            draft.add_damage("not an event of a recording", where)
            continue
        clock = clock + number(event[0]) if relative else number(event[0])
        if event[1] == "o":
            shown.append(string(event[2]))
        elif event[1] == "x":
            draft.ended = f"exit {string(event[2]) or event[2]}"
    draft.seconds = clock
    _plain("".join(shown), draft)
