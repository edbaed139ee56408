"""The agent's own phase of a trace as acts: what it called, and what that printed.

Left out is what others wrote: the installation of an agent, prompts and echoed input in a terminal's output, lines of
the instruction and of the agent's own scripts, numbered lines.
"""

import re
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from ahe.debug.clean.terminal import resolve
from ahe.debug.readers.lenient_json import mapping, parsed
from ahe.debug.readers.results import tool_kind
from ahe.debug.readers.terminal import PROMPT
from ahe.debug.readers.trace import Step, Text, Trace
from ahe.debug.signals.vocabulary import names

Kind = Literal["look", "change", "run", "other"]
"""`look` reads only, `change` edits files or the machine, `run` is any other command."""

LONGEST = 200_000
"""Characters of a result that are read: its end."""

_CONTINUED = re.compile(r"^(?:>|quote>|dquote>|heredoc>|\.\.\.) ?")
_NUMBERED = re.compile(r"^\s*\d+\s*(?:→|\t|\|)")
_META = re.compile(
    r"(?i)^\W{0,3}(?:the )?(?:command|process|shell|program)\b.{0,40}\b(?:code|status)\W{0,3}-?\d+\W*$|^```"
    r"|^exit code:? ?-?\d+$|^(?:Process Group PGID|Background PIDs|Signal|Error|Output): ?(?:\(none\)|\d+)?$"
    r"|^Wall time: "
    r"|^(?:New|Current) Terminal (?:Output|Screen):?$"
    r"|^\[[A-Z][\w ]+: .*\]$|^\[(?:exit code:? -?\d+|left: .*)\]$|^</?(?:returncode|output|system-reminder)>"
)
_FENCED = re.compile(r"^```(?:bash|sh|shell)?\n(.{0,4000}?)\n```\s*$", re.DOTALL | re.MULTILINE)
_INPUT = ("command", "cmd", "keystrokes", "code", "script", "input", "commands")
_TARGET = re.compile(
    r">{1,2}\s*([\w./~-]+\w)|\b(?:tee|touch)\s+(?:-a\s+)?([\w./~-]+\w)|\bsed -i\b.* ([\w./~-]+\w)\s*$"
    r"|\"(?:file_path|path|filename|target_file)\": ?\"([^\"]+)\"|^\*\*\* (?:Update|Add) File: (\S+)",
    re.MULTILINE,
)
_EDITOR = ("view", "create", "str_replace", "insert", "undo_edit")
"""Commands of an editor that is one tool."""
_IDLE_TOOL = re.compile(r"todo|plan|think|skill|finish|submit|complete|answer|ask_")
_ENDS = re.compile(r"^\s*(?:submit|exit)\s*$|COMPLETE_TASK_AND_SUBMIT")
_QUOTED = re.compile(r"'[^']*+'|\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"", re.DOTALL)
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w++)\1(?P<rest>[^\n]*)\n.*?(?:\n\s*\2(?=\n|$)|$(?![\n]))", re.DOTALL)
_SPLIT = re.compile(r"&&|\|\||[;|\n&(){}]")
_REDIRECT = re.compile(r"(?<![\d&<>=-])>{1,2}\s*(?![&>]|/dev/null)\S")
_WRAPPER = re.compile(
    r"^(?:\w+=\S*|sudo|time|nohup|exec|env|command|then|do|else|if|while|!|timeout|-\w+|\d+[smh]?)$"
)
_LOOKS = names(
    "ls pwd clear cat head tail less more nl bat file stat wc tree find grep egrep rg ag which type command echo printf"
    " printenv id whoami uname date df du ps top history awk sed diff cmp sort uniq cut tr jq xxd od hexdump strings"
    " md5sum sha1sum sha256sum test [ [[ true false sleep cd set export fi done read man help reset tput lsof ss"
    " netstat hostname nproc free column dirname basename realpath readlink xargs for pushd popd wait unset alias open"
    " goto scroll_down scroll_up search_dir search_file find_file view ping"
)
_CHANGES = names(
    "tee cp mv rm mkdir rmdir touch chmod chown ln rsync tar unzip gunzip patch dd truncate install useradd usermod"
    " crontab systemctl service wget edit create insert"
)
_MANAGERS = names("apt apt-get pip pip3 uv npm yarn pnpm conda gem brew apk dnf yum cargo go poetry bundle")
_INSTALLS = names("install i add ci remove uninstall upgrade update sync link init set get purge")
_GIT_LOOKS = names("status log diff show branch remote blame ls-files rev-parse describe reflog grep")
_TEMPORARY = re.compile(r"/tmp/[\w.-]+|\b[0-9a-f]{8,}\b|\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?\S*|\b\d{9,}\b")


@dataclass(frozen=True, slots=True)
class Act:
    """One call with its result. `step` and `result_step` are their places; `tool` is the tool's name.

    `call` is the call's text as it was recorded and `command` its command, or the call where it has none. `failed` is
    None if nothing says how it ended.
    """

    step: int
    tool: str
    call: str
    command: str
    kind: Kind
    result: str = ""
    result_step: int = 0
    failed: bool | None = None

    @property
    def key(self) -> str:
        """The command without what differs between two runs of the same: temporary names, hashes, times."""
        return " ".join(_TEMPORARY.sub("…", self.command).split())

    @property
    def program(self) -> str:
        """The first program that does not only look, and what it is about (`pip install`), else the tool's name."""
        for segment in segments(self.command) if not self.command.startswith("{") else ():
            name = segment[0].rpartition("/")[2]
            if name not in _LOOKS:
                about = next((word for word in segment[1:] if not word.startswith("-")), "")
                return name if name in ("make", "pytest") else f"{name} {about}".strip()
        return self.tool or "?"

    @property
    def heads(self) -> frozenset[str]:
        """The names of all programs that the command runs."""
        heads = {segment[0].rpartition("/")[2] for segment in segments(self.command)}
        return frozenset(heads - {"cd", "echo", "export"})

    @property
    def targets(self) -> tuple[str, ...]:
        """The files that a change writes, by their names without folders."""
        paths = (next(filter(None, found)) for found in _TARGET.findall(self.call[:4_000]) if any(found))
        return tuple(dict.fromkeys(path.rpartition("/")[2] for path in paths if not path.startswith("/dev/")))

    def lines(self, known: Collection[str] = ()) -> list[str]:
        """The lines of the result that this run printed, stripped on the right; `known` are lines of others."""
        own = {line.strip() for line in self.command.split("\n")}
        shown = resolve(self.result[-LONGEST:])
        return [line.rstrip() for line in shown.split("\n") if _printed(line, own, known)]


def _printed(line: str, own: Collection[str], known: Collection[str]) -> bool:
    said = line.strip()
    if not said or said in own or said in known or _CONTINUED.sub("", line).strip() in own:
        return False
    return not (PROMPT.match(line) or _NUMBERED.match(line) or _META.match(said))


def acts(trace: Trace) -> list[Act]:
    """The agent's acts in order. Where a tool records no calls, the code in a message before a result is one."""
    found: list[Act] = []
    open_calls: deque[int] = deque()
    said: tuple[Step, Text] | None = None
    for step in trace.steps:
        if step.source == "system" or step.phase != "agent":
            continue
        for text in step.texts:
            if text.channel == "call":
                open_calls.append(len(found))
                found.append(_act(step, text))
            elif text.channel == "message" and step.source == "agent":
                if spoken := _FENCED.search(text.text):
                    said = step, Text("call", spoken[1], "shell")
            elif text.channel in ("result", "error"):
                if said is not None and not open_calls and (not found or found[-1].step < said[0].id):
                    found.append(_act(*said))
                if found:
                    at = open_calls.popleft() if open_calls else -1
                    found[at] = _answered(found[at], step, text)
    return found


def instruction(trace: Trace) -> str:
    """The user's first message."""
    asked = (step.texts for step in trace.steps if step.source == "user")
    said = ("\n".join(text.text for text in texts if text.channel == "message") for texts in asked)
    return next((text for text in said if text.strip()), "")


def _act(step: Step, text: Text) -> Act:
    call = resolve(text.text)
    arguments = mapping(parsed(call.lstrip()))
    command = _command(call, arguments)
    return Act(step.id, text.name, call, command, _kind(text.name.lower(), command, arguments))


def _answered(act: Act, step: Step, text: Text) -> Act:
    """The act with a result, or with one more part of it; what comes in a later step than the first part is dropped."""
    failed = text.failed if text.failed is not None else True if text.channel == "error" else None
    if act.result and act.result_step != step.id:
        return act
    edited = act.kind == "change" and tool_kind(act.tool) == "change" and not failed
    said = "" if edited else text.text
    result = f"{act.result}\n{said}" if act.result else said
    return replace(act, result=result, result_step=step.id, failed=failed)


def _command(call: str, arguments: dict[str, Any]) -> str:
    """The command of a call; of several lines typed at prompts, without the prompts."""
    for key in _INPUT:
        given = arguments.get(key)
        if isinstance(given, list) and given and all(isinstance(part, str) for part in given):
            given = given[-1] if given[0].endswith("sh") and len(given) > 2 else " ".join(given)
        if isinstance(given, str) and given not in _EDITOR:
            call = given
            break
    return "\n".join(PROMPT.sub("", line) for line in call.strip().split("\n"))


def _kind(tool: str, command: str, arguments: dict[str, Any]) -> Kind:
    if (edited := arguments.get("command")) in _EDITOR:
        return "look" if edited == "view" else "change"
    if _IDLE_TOOL.search(tool) or _ENDS.search(command[:200]):
        return "other"
    if "shell" not in tool and "bash" not in tool and not arguments.keys() & set(_INPUT):
        if kind := tool_kind(tool):
            return kind
        if arguments:
            return "other"
    return _shell_kind(command)


def segments(command: str) -> Iterator[list[str]]:
    """The words of each simple command, without wrappers such as `sudo`; bodies of heredocs are left out."""
    for part in _SPLIT.split(_bare(command)):
        segment = part.split()
        while segment and _WRAPPER.match(segment[0]):
            segment.pop(0)
        if segment and not segment[0].startswith("#"):
            yield segment


def _bare(command: str) -> str:
    """The beginning of a command without the bodies of its heredocs and without what it quotes."""
    return _QUOTED.sub("''", _HEREDOC.sub(r"<<\g<rest>", command[:4_000]))


def _shell_kind(command: str) -> Kind:
    kinds = {_segment_kind(segment) for segment in segments(command)}
    if "change" in kinds or _REDIRECT.search(_bare(command)):
        return "change"
    return "run" if "run" in kinds else "look"


def _segment_kind(segment: list[str]) -> Kind:
    program, first = segment[0].rpartition("/")[2], segment[1] if len(segment) > 1 else ""
    if program == "git":
        return "look" if first in _GIT_LOOKS else "change"
    if program == "str_replace_editor":
        return "look" if first == "view" else "change"
    in_place = program == "sed" and any(word.startswith(("-i", "--in-place")) for word in segment)
    if in_place or (program == "find" and "-delete" in segment):
        return "change"
    if program in _MANAGERS:
        return "change" if _INSTALLS & set(segment[1:3]) else "run"
    if program in _LOOKS or first in ("--version", "--help", "-V"):
        return "look"
    if program in _CHANGES or (program == "curl" and {"-o", "-O", "-LO", "-sSLO"} & set(segment)):
        return "change"
    return "run"
