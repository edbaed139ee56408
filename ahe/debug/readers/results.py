"""What a tool's result is: its words without the tool's wrapping, its exit code, and what it is evidence of."""

from __future__ import annotations

import re
from typing import Any

from ahe.debug.readers.lenient_json import as_text, mapping, parsed, string
from ahe.debug.readers.trace import Kind, Text

_NAMES: dict[Kind, str] = {
    "view": "read view cat grep glob ls open find search ripgrep readfile viewfile readmanyfiles openfile"
    " filereadtool listdirectory listdir listfiles findfile findfiles findfilebyname searchfile searchdir"
    " searchfiles searchfilecontent grepsearch codebasesearch filesearch notebookread webfetch fetch webread"
    " getfilecontent readmedia viewimage readfiletool listfilestool greptool globtool lstool gotoline"
    " scrollup scrolldown viewcodeitem",
    "edit": "edit write multiedit applypatch patch strreplace strreplacebasededittool writefile createfile"
    " replace editfile insert notebookedit searchreplace writetofile applydiff replaceinfile put create"
    " fileedit filewrite updatefile multieditfile writefiletool todowrite updateplan",
    "instructions": "skill activateskill loadskill useskill getinstructions readskill",
}
"""Names of tools, without case and punctuation, by what their results are."""
_KIND_OF = {name: kind for kind, names in _NAMES.items() for name in names.split()}
_EDITORS = frozenset(("strreplaceeditor", "fileeditor", "strreplacebasededittool", "editor", "texteditor"))
_VIEWS = ("view", "view_range", "read")
_PUNCTUATION = re.compile(r"[^a-z0-9]")
_CODE = re.compile(
    r"\W{0,3}(?:(?:the |your |this )?(?:command|process|shell|script|program) (?:has )?"
    r"(?:exited|completed|finished|failed|terminated|returned|ended) with (?:a )?(?:non-zero )?"
    r"(?:exit |return |status )?(?:code|status)|exited with(?: code| status)?|(?:exit|return)[ _]?(?:code|status)"
    r"|exitcode|returncode)\W{1,3}(-?\d{1,10})(?!\d)(?:\W{0,3}|</[a-z_]{4,12}>|\s*\(.{0,60})",
    re.IGNORECASE,
)
"""A line in which a tool says how a command ended."""
_HEAD, _TAIL, _LINE = 4, 6, 160
_NUMBERED = re.compile(r"\s{0,8}\d{1,7}(?:\t|→|\||:|  )")
_SHOWS = frozenset(
    ("cat", "nl", "head", "tail", "sed", "less", "more", "bat", "grep", "rg", "find", "ls", "tree")
)
_SOURCE = re.compile(
    r"\.(?:py|pyi|js|jsx|ts|tsx|mjs|c|h|cc|cpp|hpp|rs|go|java|kt|rb|php|cs|swift|scala|sh|sql|html|css|scss|md|rst"
    r"|toml|ya?ml|json|ini|cfg|xml|vue|lua|pl|r|jl|hs|ml|ex|tex|lock|gradle|cmake|dockerfile|makefile)\b",
    re.IGNORECASE,
)
_SAYS = ("output", "stdout", "aggregated_output", "formatted_output")
_CODES = ("returncode", "return_code", "exit_code", "exitCode", "exitcode", "exit_status", "exit")
_XML_CODE = re.compile(r"\s*<(?:returncode|exit_code|exitcode)>\s*(-?\d{1,10})\s*</")
_XML_PART = re.compile(r"<(output|output_head|output_tail|stdout|stderr|exception)>\n?")
_METADATA = "\n[metadata] {"
_REFUSED = re.compile(
    r"\s*(?:<(?:tool_use_)?error>|error\b|no replacement|invalid `|the path .{1,300} does not exist|could not find"
    r"|file (?:not found|does not exist|has not been read)|string to replace not found|failed to)",
    re.IGNORECASE,
)
"""How tools that view and edit say that they did nothing."""
UNWRAPPED = 8 << 20
"""Characters of a result up to which a JSON wrapping is looked for."""


def result(text: str, name: str = "", call: str = "", code: Any = None, failed: bool | None = None) -> Text:
    """The result of a call with its kind and exit code; `call` is the call's text, `failed` what the tool says.

    A result that wraps its output (a record with `returncode` and `output`, tags, metadata behind the text) becomes
    the output, followed by `[exit code N]` unless N is 0. Only a failed call without an exit code is an `error`.
    """
    said, found = unwrapped(text)
    code = _integer(code)
    if code is None and found is not None:
        code = found
    if code is None:
        code = None if _plain(name) in (*_KIND_OF, *_EDITORS) else said_code(said)
    elif code and said_code(said) is None:
        said += "\n" * (said[-1:] not in ("", "\n")) + f"[exit code {code}]"
    if failed is None or code is not None:
        failed = None if code is None else code != 0
    if failed is None and _REFUSED.match(said) and _plain(name) in (*_KIND_OF, *_EDITORS):
        failed = True
    kind = "output" if failed else kind_of(said, name, call)
    return Text("error" if failed and code is None else "result", said, name, kind, code, failed)


def kind_of(text: str, name: str, call: str) -> Kind:
    """What a successful result is evidence of, by the tool's name, its call and the look of the text."""
    plain = _plain(name)
    given = mapping(parsed(call[:4_096])) if call[:1] == "{" else {}
    does = string(given.get("command")) if plain in _EDITORS else call[:200].split("\n", 1)[0]
    if plain in _EDITORS:
        viewing = does in _VIEWS or (not does and '"command": "view"' in call[:4_096].replace('":"', '": "'))
        return "view" if viewing else "edit"
    if plain in _KIND_OF:
        return _KIND_OF[plain]
    return "view" if _shows_source(does) or _is_numbered(text) else "output"


def _plain(name: str) -> str:
    """The name of a tool without its server, case and punctuation."""
    return _PUNCTUATION.sub("", name.lower().rsplit("__", 1)[-1].rsplit(".", 1)[-1])


def _shows_source(command: str) -> bool:
    """Whether a shell's whole command prints source files or searches in them (logs do not count)."""
    words = command.split()
    if not words or any(sign in command for sign in ("&&", ";", "||", ">", "$(", "`")):
        return False
    program = words[0].rsplit("/", 1)[-1]
    if program not in _SHOWS or (program == "sed" and "-n" not in words):
        return False
    return program in ("grep", "rg", "find", "ls", "tree", "nl") or _SOURCE.search(command) is not None


def _is_numbered(text: str) -> bool:
    lines = [line for line in text[:4_000].split("\n")[:40] if line.strip()]
    return len(lines) >= 3 and sum(_NUMBERED.match(line) is not None for line in lines) * 5 >= len(lines) * 4


def said_code(text: str) -> int | None:
    """The exit code that a tool wrote into its result, in one of the last lines or else of the first ones."""
    last = text[-_TAIL * _LINE :].rstrip().split("\n")[-_TAIL:]
    first = text[: _HEAD * _LINE].lstrip().split("\n")[:_HEAD]
    for line in (*reversed(last), *first):
        if len(line) <= _LINE and (match := _CODE.fullmatch(line.strip())):
            return int(match[1])
    return None


def unwrapped(text: str) -> tuple[str, int | None]:
    """The output in a result that wraps it, with the exit code (None: unknown)."""
    start = text[:64].lstrip()[:1]
    if start == "{" and len(text) <= UNWRAPPED:
        return _from_record(text)
    if start == "<" and (code := _XML_CODE.match(text)):
        return _from_tags(text[code.end() :]), int(code[1])
    at = text.rfind(_METADATA)
    if at > 0 and len(text) - at <= UNWRAPPED:
        about = mapping(parsed(text[at + len(_METADATA) - 1 :]))
        if about:
            return text[:at].rstrip("\n"), _code(about)
    return text, None


def _from_record(text: str) -> tuple[str, int | None]:
    record = mapping(parsed(text.strip()))
    code = _code(record)
    if code is None:
        code = _code(mapping(record.get("metadata")))
    says = [key for key in (*_SAYS, "output_head") if isinstance(record.get(key), str)]
    if not says or (code is None and not record.keys() <= {*_SAYS, "stderr", "metadata"}):
        return text, None
    parts = [string(record[says[0]])]
    if says[0] == "output_head":
        left_out = as_text(record.get("elided_chars"))
        parts += [f"\n[… {left_out} characters left out …]\n", string(record.get("output_tail"))]
    more = [string(record.get(key)) for key in ("stderr", "exception_info")]
    parts += [f"\n{each}" if parts[0] else each for each in more if each.strip() and each not in parts[0]]
    return "".join(parts), code


def _from_tags(text: str) -> str:
    parts: list[str] = []
    while len(parts) < 9 and (match := _XML_PART.search(text)):
        end = text.find(f"</{match[1]}>", match.end())
        parts.append(text[match.end() : end if end >= 0 else len(text)])
        text = text[end:] if end >= 0 else ""
    return "\n[…]\n".join(part.removesuffix("\n") for part in parts)


def _code(record: dict[str, Any]) -> int | None:
    return next((code for key in _CODES if (code := _integer(record.get(key))) is not None), None)


def _integer(value: Any) -> int | None:
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,10}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 1 << 33 else None
