"""What test frameworks print: pytest by itself, others by a table of the lines that open, fail and end a test."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from ahe.debug.verifiers.failure import (
    EXCEPTION,
    LONG,
    Failure,
    failure,
    from_section,
    last_exception,
    without_frames,
)

_BANNER = re.compile(r"^=+ (.+?) =+$", re.MULTILINE)
_SECTION = re.compile(r"^_{3,} (.+?) _{3,}$", re.MULTILINE)
_SUMMARY = re.compile(r"^(?:FAILED|ERROR) (\S+(?: \S+){0,40}?)(?: - (.*))?$", re.MULTILINE)
_ASIDE = re.compile(r"^(?:ERROR collecting|ERROR at (?:setup|teardown|call) of|INTERNALERROR) ?")
_GAVE_UP = re.compile(
    r"^(?:(?:INTERNALERROR> |ERROR: |E {2,})(\S.*)|(?:=+ )?((?:no tests ran|collected 0 items)[^\n]*?)(?: =+)?)$",
    re.M,
)
_PYTEST = re.compile(
    r"^=+ (?:test session starts|FAILURES|ERRORS|short test summary info) =+$"
    r"|^(?:FAILED|ERROR) \S+\.py(?:::\S+)?(?: - |$)|^E   \S"
    r"|^=+ .{0,200}?\d{1,9} (?:failed|passed|errors?)\b.{0,200} in [\d.:]+s",
    re.MULTILINE,
)


def is_pytest(text: str) -> bool:
    return _PYTEST.search(text) is not None


def parse_pytest(text: str) -> list[Failure]:
    """The failures in the order of their sections; where a section names no line, the short summary does."""
    found: dict[str, Failure] = {}
    for each in _sections(text):
        found.setdefault(each.key, each)
    for match in _SUMMARY.finditer(text):
        each = Failure(match[1], match[2] or "", match[2] or "")
        if each.key not in found or not found[each.key].decisive:
            found[each.key] = each
    if found or (gave_up := _GAVE_UP.search(text)) is None:
        return list(found.values())
    said = gave_up[1] or gave_up[2]
    return [Failure("", said, said)]


def _sections(text: str) -> Iterator[Failure]:
    parts = _BANNER.split(text)
    bodies = [
        body for title, body in zip(parts[1::2], parts[2::2], strict=True) if title in ("FAILURES", "ERRORS")
    ]
    for body in bodies if len(parts) > 1 else [text]:
        named = _SECTION.split(body)
        for name, section in zip(named[1::2], named[2::2], strict=True):
            yield from_section(_ASIDE.sub("", name), section)


class Framework(NamedTuple):
    """Patterns of lines: `fits` anywhere says that the framework wrote the text; `opens` and `fails` name the test
    that the lines after them belong to, until another one or `ends`. The tests that a line of `fails` names failed.
    """

    fits: re.Pattern[str]
    opens: re.Pattern[str]
    fails: re.Pattern[str]
    ends: re.Pattern[str]


def _framework(fits: str, opens: str, fails: str, ends: str) -> Framework:
    return Framework(
        re.compile(fits, re.MULTILINE), *(re.compile(each) for each in (opens or fails, fails, ends))
    )


_TABLE = (
    _framework(  # unittest
        r"^={20,}\n(?:FAIL|ERROR): ", "", r"(?:FAIL|ERROR): (\S.*)$", r"={20,}$|Ran \d+ tests?"
    ),
    _framework(  # go test
        r"^[ \t]{0,40}--- FAIL: \S+ \(\d|^FAIL\t|^ok  \t",
        r"=== (?:RUN|CONT|NAME)\s+(\S+)|# (\S+)$",
        r" *--- FAIL: (\S+) \(|FAIL\s+(\S+)\s+\[",
        r" *(?:=== |--- (?:PASS|SKIP))|FAIL|ok |PASS|exit status",
    ),
    _framework(  # TAP
        r"^TAP version \d+|^1\.\.\d+$|^not ok +\d+|^Bail out!",
        "",
        r"\s*not ok\b(?!.*#\s*(?:todo|skip|TODO|SKIP))(?:\s+\d+)?\s*-?\s*(.*?)\s*$|(Bail out!.*)$",
        r"\s*(?:not )?ok\b|\s*1\.\.\d+|TAP version|\S(?<!#)|\s*$",
    ),
    _framework(  # cargo
        r"^---- \S+ stdout ----$", "", r"---- (\S+) stdout ----$", r"failures:|test result:"
    ),
    _framework(  # jest, vitest
        r"^ {2}● \S| FAIL  \S+ > ",
        "",
        r" {2}● (.+)$| FAIL  (\S+ > .+)$",
        r"Tests?:? |Test Suites?:| Test Files",
    ),
    _framework(  # mocha, RSpec, PHPUnit
        r"^ {0,9}\d{1,9} failing\b|^\d{1,9} examples?, \d+ failures?|^FAILURES!$"
        r"|^There (?:was|were) \d+ (?:failure|error)",
        "",
        r" {0,2}\d{1,4}\) (\S.*)$",
        r"Finished in|Failed examples:|FAILURES!|Tests: ",
    ),
    _framework(  # GoogleTest
        r"^\[ RUN {6}\] ", r"\[ RUN {6}\] (\S+)", r"\[ {2}FAILED {2}\] (\S+\.\S+?)[, ]", r"\[(?:-{10}| {7}OK)"
    ),
)
_KEYED = re.compile(r"\s*(?:#\s*)?(?:message|error|reason)\s*:\s*(\S.*)$", re.IGNORECASE)
_FIRST = (
    re.compile(r"\s*panic: |\s+Error:\s+\S|\s*Failure/Error: "),
    re.compile(r"\s*(?!Error\b)[\w.$]*(?:Error|Exception)\b(?:: | \[)"),
)
_PLACE = re.compile(r"\s+[\w./-]+\.go:\d+: ?(.*)$")
_HINT = re.compile(r"\s*(?:# *)*(?:Failed test|at |\(in test file|thread '.*' (?:\(\d+\) )?panicked at|$)")


def is_framework(text: str) -> bool:
    return any(each.fits.search(text) for each in _TABLE) or _is_go_json(text)


def _is_go_json(text: str) -> bool:
    return re.search(r'^\{.{0,300}"Action":"(?:run|output|fail|start|build-output)"', text, re.M) is not None


def parse_framework(text: str) -> list[Failure]:
    """Failures of tests in the order of the text; a parent that only failed with its subtest is left out."""
    text = "".join(map(_of_event, text.split("\n"))) if _is_go_json(text) else text
    lines = [line[:LONG] for line in text.split("\n")]
    return [each for form in _TABLE if form.fits.search(text) for each in _tests(lines, form)]


def _of_event(line: str) -> str:
    """What a line of `go test -json` prints."""
    try:
        event = json.loads(line) if line.startswith("{") else None
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict) or "Action" not in event:
        return f"{line}\n"
    return event["Output"] if isinstance(event.get("Output"), str) else ""


def _tests(lines: list[str], form: Framework) -> list[Failure]:
    printed: dict[str, list[str]] = {}
    failed: dict[str, None] = {}
    running: str | None = None
    for line in lines:
        if match := form.fails.match(line) or form.opens.match(line):
            running = next((group for group in match.groups() if group), "").strip()
            printed.setdefault(running, [])
            if match.re is form.fails or form.fails.match(line):
                failed[running] = None
        elif form.ends.match(line):
            running = None
        elif running is not None and line.strip():
            printed[running].append(line)
    found = []
    for name in failed:
        if printed[name] or not any(other.startswith(f"{name}/") for other in failed):
            kept = [line for line in without_frames(printed[name]) if line.strip()]
            found.append(Failure(name, "\n".join(kept)[:LONG] or name, _decisive(kept) or name))
    return found


def _decisive(lines: list[str]) -> str:
    """The value of `message:`; else a panic or an error; else the last exception; else the first useful line."""
    for number, line in enumerate(lines):
        if match := _KEYED.match(line):
            block = match[1].strip() in ("|-", "|", ">-", ">")
            return (lines[number + 1] if block and number + 1 < len(lines) else match[1]).strip().strip("'\"")
    for pattern in _FIRST[:1]:
        if said := next((line for line in lines if pattern.match(line)), ""):
            return said.strip()
    if said := last_exception(lines) or next((line for line in lines if _FIRST[1].match(line)), ""):
        return said.strip()
    for number, line in enumerate(lines):
        if (match := _PLACE.match(line)) and (match[1].strip() or number + 1 < len(lines)):
            return (line if match[1].strip() else lines[number + 1]).strip()
    return next((line for line in lines if not _HINT.match(line)), lines[0] if lines else "").strip()


def is_junit(text: str) -> bool:
    head = text.lstrip("\ufeff \t\r\n")[:4000]
    return head.startswith("<") and re.search(r"<testsuites?\b", head) is not None


def parse_junit(text: str) -> list[Failure]:
    """Test cases with a failure or an error, as far as the file can be parsed.

    A file that declares a document type is rejected, so that no entities are expanded.
    """
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
        return []
    parser: XMLPullParser[Element] = XMLPullParser(events=("end",))
    found: list[Failure] = []
    try:
        parser.feed(text.lstrip("\ufeff \t\r\n"))
    except (ParseError, ValueError):
        pass
    try:
        for event in parser.read_events():
            element = event[-1]
            if isinstance(element, Element) and element.tag.rsplit("}", 1)[-1] == "testcase":
                found += _case(element)
    except (ParseError, ValueError):
        pass
    return found


def _case(case: Element) -> list[Failure]:
    for child in case:
        if child.tag.rsplit("}", 1)[-1] in ("failure", "error"):
            name = f"{case.get('classname') or ''}::{case.get('name') or ''}".removeprefix("::")
            kind, message, trace = child.get("type") or "", child.get("message") or "", child.text or ""
            named = EXCEPTION.match(kind.rsplit(".", 1)[-1]) and not EXCEPTION.match(message)
            if message and named and kind not in trace:
                message = f"{kind}: {message}"
            return [failure(name, (message, trace))]
    return []


_MARK = re.compile(
    r"\s*(?:\[?\s*(?:FAIL(?:ED|URE)?|ERROR|NOT OK|KO)\s*\]?\s*[:\-–—]?\s+|(?:✗|✘|✕|×|❌)\s*)(\S.*)$"
    r"|(.*\S)\s*(?:\.{2,}|:|-)\s*(?:FAIL(?:ED)?|NOT OK)\s*$"
)
_LOUD = re.compile(r"\s*(?:\[?(?:FAIL|ERROR)\]?\s*[:\-–—]|\[FAIL(?:ED)?\]|✗|✘|❌)\s*\S(?!.*::)")
"""Marks that no framework prints: a shell check beside its tests."""
_EMPTY = re.compile(
    r"[\s=\-*_#.{}\[\],]*$|(?:exit(?:ed)?(?: with)?(?: code| status)?:?\s*\d+|reward:? *[\d.]+|score:? *[\d.]+"
    r"|(?:tests? |result:? *)?(?:fail(?:ed|ure)?|error)s?[.!]?|\d+ (?:tests? )?failed.*"
    r"|(?:FAIL(?:ED)?\W+)?\d+ (?:of|/) ?\d+ .*|test result: FAILED.*|some tests failed.*|verification failed\.?"
    r"|FAILED \(.*\)|Ran \d+ tests?.*|note: run with .*)$",
    re.IGNORECASE,
)


def marked(text: str, mark: re.Pattern[str] = _LOUD) -> list[Failure]:
    """One failure for each line that is marked as one and says more than that."""
    lines = (
        line.strip() for line in without_frames(text.split("\n")) if len(line) < LONG and mark.match(line)
    )
    return [Failure("", line, line) for line in lines if not _EMPTY.match(line)]


def parse_plain(text: str) -> list[Failure]:
    """One failure for each marked line; else the exception of a traceback; else the last meaningful line."""
    if found := marked(text, _MARK):
        return found
    lines = without_frames(text.split("\n"))
    if exception := last_exception(lines).strip():
        frames = re.findall(r'^[ \t]*(File "[^"\n]+", line \d+.*)$', text, re.MULTILINE)
        return [Failure("", "\n".join([exception, *frames[-1:]])[:LONG], exception[:LONG])]
    filled = [line.strip() for line in lines if line.strip()]
    last = next((line for line in reversed(filled) if not _EMPTY.match(line)), filled[-1] if filled else "")
    return [Failure("", last[:LONG], last[:LONG])] if last else []
