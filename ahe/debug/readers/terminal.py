"""Recordings of a terminal: logs with escape sequences, typescripts of `script`, asciinema casts.

A line that begins with a prompt is a call of the agent, kept whole; the lines after it are its result. What a harness
types before the agent's first command (installers, the agent's own command line) belongs to the set-up.
"""

import re
from collections.abc import Iterator
from typing import Any

from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.draft import Draft
from ahe.debug.readers.trace import Text

_CODES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()][A-Z0-9]|[@-Z\\-_=>])")
PROMPT = re.compile(
    r"^(?:\([\w.-]+\)\s?)?(?:\[?[\w.-]+@[\w.-]+[\s:][^\n$#%]{0,200}[$#%]\]?|[~/][^\s$#%]{0,200}[$#%]|[$❯➜])(?:\s+|$)"
)
"""A shell's prompt at the beginning of a line."""
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
    if any(_typed(line) for line in text.split("\n")):
        return ""
    return "text without a terminal's marks; name the file itself to have it read"


def sniff(value: Any, line: bool) -> bool:
    top = j.mapping(value)
    if line:
        return top.get("version") in (2, 3) and ("width" in top or "term" in top)
    return top.get("version") == 1 and isinstance(top.get("stdout"), list)


def parse(value: Any, draft: Draft) -> None:
    """A log or a typescript, a cast of lines, or one of version 1, a document with pauses and texts."""
    if isinstance(value, str):
        _plain(value, draft)
    elif isinstance(value, list):
        _cast(value, draft)
    else:
        top = j.mapping(value)
        draft.seconds = j.number(top.get("duration"))
        pairs = [j.listing(each) for each in j.listing(top.get("stdout"))]
        _plain("".join(j.string(pair[1]) for pair in pairs if len(pair) > 1), draft)


def _plain(text: str, draft: Draft) -> None:
    """The commands at prompts and what they printed. All up to the last installer is the set-up."""
    own: list[tuple[str, str]] = []  # what was typed after it, with the output
    installing = installed = False
    text = text.encode("utf-8", "surrogateescape").decode(
        "utf-8", "surrogateescape"
    )  # a character in two events
    for line, output in _turns(text):
        if command := _typed(line):
            draft.setup = draft.count if installing else draft.setup
            installing = _INSTALLER.search(command) is not None
            installed = installed or "install" in command
            own = [] if installing else [*own, (command, output)]
            if _TESTS.search(command):
                draft.tests = draft.tests or draft.count
            draft.add("agent", [Text("call", line.rstrip("\n"), "shell")])
        if output.strip():
            draft.add("environment", [draft.result("", output, "shell")])
    draft.setup = draft.count if installing else draft.setup
    if draft.setup and installed and _never_ran(own):
        draft.setup, draft.started = draft.count, False
    if done := _DONE.search(text, max(0, len(text) - 500)):
        draft.ended = f"exit {done[1]}" if done[1] else "done"


def _turns(text: str) -> Iterator[tuple[str, str]]:
    """Each line with a command, with the output below it; other output, and pieces of long output, without a line."""
    typed, output = "", ""
    for line in re.findall(r"[^\n]*\n|[^\n]+$", text):
        if _typed(line) or len(output) > _PIECE:
            yield typed, output
            typed, output = "", ""
        if _typed(line):
            typed = line
        else:
            output += line
    yield typed, output


def _never_ran(own: list[tuple[str, str]]) -> bool:
    """Whether a shell could not run one of the few commands after an installer, and the others printed nothing."""
    absent = silent = 0
    for command, output in own:
        lines = [line for line in map(str.strip, _bare(output[:4_000]).split("\n")) if line]
        said = [line for line in lines if not PROMPT.fullmatch(line)][:3]
        names = [word for word in command.split() if "=" not in word and word not in _PREFIXES]
        program = names[0].rpartition("/")[2] if names else command
        absent += any(_ABSENT.search(line) and (program in line or line.startswith(_SHELLS)) for line in said)
        silent += not said
    return absent > 0 and absent + silent == len(own) <= _FEW


def _bare(text: str) -> str:
    return _CODES.sub("", text) if "\x1b" in text else text


def _typed(line: str) -> str:
    """The command that stands behind a prompt in the line, if any."""
    bare = _bare(line).lstrip("\r") if len(line) <= 4_000 else ""
    prompt = PROMPT.match(bare)
    return bare[prompt.end() :].strip() if prompt else ""


def _cast(records: list[Any], draft: Draft) -> None:
    """asciinema 2 and 3: a header, then events. Input events are ignored: the output echoes them."""
    shown: list[str] = []
    relative = False
    for record in records:
        event = j.listing(record)
        if isinstance(record, dict):
            relative = record.get("version") == 3
            draft.read_metadata(record)
        elif len(event) < 3 or not isinstance(event[1], str):
            draft.add_damage("not an event of a recording")
        else:
            draft.seconds = j.number(event[0]) + (draft.seconds if relative else 0)
            if event[1] == "o":
                shown.append(j.string(event[2]))
            elif event[1] == "x":
                draft.ended = f"exit {event[2]}"
    _plain("".join(shown), draft)
