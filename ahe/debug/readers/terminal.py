"""Recordings of a terminal: logs with escape sequences, typescripts of `script`, asciinema casts.

A line that begins with a prompt is a call of the agent, kept whole; the lines after it are its result. What a harness
types before the agent's first command (installers, the agent's own command line) belongs to the set-up.
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
_INSTALLER = re.compile(
    r"/installed-agent/|install-agent\.sh|\bsetup-env\.sh|\basciinema rec\b|^\s*(?:clear|reset)\s*$"
)
_TESTS = re.compile(r"(?:^|\s)\S{0,60}/(?:tests?/\S{0,60}|run-tests)\.sh\b")
_ABSENT = re.compile(
    r"not found|No such file or directory|cannot execute|Permission denied|Cannot find module|No module named",
    re.IGNORECASE,
)
_WAITING = re.compile(r"(?:\S{1,99}@\S{1,99}|\[\S{1,99}@\S{1,99} \S{1,99}\])[#$%>]$")
_PREFIXES = frozenset(("sudo", "env", "exec", "nohup", "time", "timeout"))
_SHELLS = ("bash:", "-bash:", "sh:", "/bin/", "/usr/bin/", "zsh:", "npm ", "env:")
_FEW = 4
"""Commands after the installer at most, if the agent never started."""
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
    typed: list[tuple[int, str]] = []  # step and command
    size = 0
    for line in re.findall(r"[^\n]*\n|[^\n]+$", text):
        command = _PROMPT.match(_bare(line)) if len(line) <= 4_000 else None
        if command or size > _PIECE:
            _flush(pending, draft)
            size = 0
        if command:
            typed.append((draft.count, command[1].strip()))
            draft.add("agent", [Text("call", line.rstrip("\n"), "shell")])
        else:
            pending.append(line)
            size += len(line)
    _flush(pending, draft)
    _mark_setup(typed, draft)
    if done := _DONE.search(text, max(0, len(text) - 500)):
        draft.ended = f"exit {done[1]}" if done[1] else "done"


def _mark_setup(typed: list[tuple[int, str]], draft: Draft) -> None:
    """Find the harness's own commands: the last installer, and the tests that it runs at the end.

    The agent never started if the command after the installer could not be run and nothing else printed anything.
    """
    draft.tests = next((at for at, command in typed if at and _TESTS.search(command)), 0)
    last = max((at for at, (_, command) in enumerate(typed) if _INSTALLER.search(command)), default=-1)
    if last < 0:
        return
    own = typed[last + 1 :]
    draft.setup = own[0][0] if own else draft.count
    if not any("install" in command for _, command in typed[: last + 1]) or not 0 < len(own) <= _FEW:
        return
    ends = [*(at for at, _ in own[1:]), draft.count]
    answers = [_answer(draft, at + 1, end) for (at, _), end in zip(own, ends, strict=True)]
    absent = [_is_absent(command, answer) for (_, command), answer in zip(own, answers, strict=True)]
    if any(absent) and all(gone or not answer for gone, answer in zip(absent, answers, strict=True)):
        draft.setup, draft.started = draft.count, False


def _answer(draft: Draft, start: int, end: int) -> list[str]:
    """The first lines between two commands, without empty prompts."""
    text = "\n".join(text.text for step in draft.steps[start:end] for text in step.texts)[:4_000]
    lines = (_bare(line).strip() for line in text.split("\n"))
    return [line for line in lines if line and not _WAITING.match(line)][:3]


def _is_absent(command: str, answer: list[str]) -> bool:
    """Whether a shell said that it cannot run the command."""
    words = (word for word in command.split() if "=" not in word and word not in _PREFIXES)
    program = next(words, "").rsplit("/", 1)[-1] or command
    return any(_ABSENT.search(line) and (program in line or line.startswith(_SHELLS)) for line in answer)


def _bare(line: str) -> str:
    return (_CODES.sub("", line) if "\x1b" in line else line).lstrip("\r")


def _flush(pending: list[str], draft: Draft) -> None:
    text = "".join(pending)
    if text.strip():
        draft.add("environment", [results.result(encodable(text), "shell", _command(draft.last_call))])
    pending.clear()


def _command(call: str) -> str:
    """The command of a prompt's line."""
    match = _PROMPT.match(_bare(call[:4_000]))
    return match[1].strip() if match else call


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
