"""What a tool's result is: its words without the tool's wrapping, its exit code, and whether the call failed."""

import re
from typing import Any, Literal

from ahe.debug.readers import lenient_json as j
from ahe.debug.readers.trace import Text

ToolKind = Literal["look", "change", "other", ""]
_TOOLS: tuple[tuple[ToolKind, str], ...] = (
    ("", r"bash|shell|exec|command|terminal|python|tmux|^run"),
    ("other", r"skill|getinstructions"),
    ("change", r"edit|write|create|replace|patch|insert|delete|^move|^put$|diff|todo|updateplan"),
    ("look", r"read|view|grep|glob|search|list|^ls|find|open|fetch|^cat$|browse|screenshot|scroll|goto"),
)
"""What tools do, by their names without case and punctuation; the first that fits counts."""
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
_UNWRAPPED = 8 << 20
"""Characters of a result up to which a JSON wrapping is looked for."""


def result(text: str, name: str = "", code: Any = None, failed: bool | None = None) -> Text:
    """The result of a call of the tool `name`, with its exit code; `failed` is what the tool says.

    A result that wraps its output (a record with `returncode` and `output`, tags, metadata behind the text) becomes
    the output, followed by `[exit code N]` unless N is 0. Only a failed call without an exit code is an `error`.
    """
    said, found = _unwrapped(text)
    runs_nothing = tool_kind(name) != ""
    code = _integer(code)
    if code is None and found is not None:
        code = found
    if code is None:
        code = None if runs_nothing else _said_code(said)
    elif code and _said_code(said) is None:
        said += "\n" * (said[-1:] not in ("", "\n")) + f"[exit code {code}]"
    if code is not None:
        failed = code != 0
    elif failed is None and runs_nothing and _REFUSED.match(said):
        failed = True
    return Text("error" if failed and code is None else "result", said, name, code, failed)


def tool_kind(name: str) -> ToolKind:
    """What a tool of this name does: looks at, changes or says something; empty for a shell and what is not known."""
    plain = _PUNCTUATION.sub("", name.lower().rsplit("__", 1)[-1].rsplit(".", 1)[-1])
    return next((kind for kind, pattern in _TOOLS if re.search(pattern, plain)), "")


def _said_code(text: str) -> int | None:
    """The exit code that a tool wrote into its result, in one of the last lines or else of the first ones."""
    last = text[-_TAIL * _LINE :].rstrip().split("\n")[-_TAIL:]
    first = text[: _HEAD * _LINE].lstrip().split("\n")[:_HEAD]
    for line in (*reversed(last), *first):
        if len(line) <= _LINE and (match := _CODE.fullmatch(line.strip())):
            return int(match[1])
    return None


def _unwrapped(text: str) -> tuple[str, int | None]:
    """The output in a result that wraps it, with the exit code (None: unknown)."""
    start = text[:64].lstrip()[:1]
    if start == "{" and len(text) <= _UNWRAPPED:
        return _from_record(text)
    if start == "<" and (code := _XML_CODE.match(text)):
        return _from_tags(text[code.end() :]), int(code[1])
    at = text.rfind(_METADATA)
    if at > 0 and len(text) - at <= _UNWRAPPED:
        about = j.mapping(j.parsed(text[at + len(_METADATA) - 1 :]))
        if about:
            return text[:at].rstrip("\n"), _code(about)
    return text, None


def _from_record(text: str) -> tuple[str, int | None]:
    record = j.mapping(j.parsed(text.strip()))
    code = _code(record)
    if code is None:
        code = _code(j.inner(record, "metadata"))
    says = [key for key in (*_SAYS, "output_head") if isinstance(record.get(key), str)]
    if not says or (code is None and not record.keys() <= {*_SAYS, "stderr", "metadata"}):
        return text, None
    parts = [j.text(record, says[0])]
    if says[0] == "output_head":
        left_out = j.as_text(record.get("elided_chars"))
        parts += [f"\n[… {left_out} characters left out …]\n", j.text(record, "output_tail")]
    more = [j.text(record, key) for key in ("stderr", "exception_info")]
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
