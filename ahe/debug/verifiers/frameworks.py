"""What test frameworks print: pytest by itself, others by a table of the lines that open, fail and end a test."""

import re
from contextlib import suppress
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from ahe.debug.readers.lenient_json import mapping, parsed, string
from ahe.debug.verifiers.failure import LONG, Failure, failure, from_section, last_exception, without_frames

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


def parse_pytest(text: str) -> list[Failure] | None:
    """The failures in the order of their sections; where a section names no line, the short summary does.

    None, as of the other parsers, if the text is of another kind.
    """
    if not _PYTEST.search(text):
        return None
    parts = _BANNER.split(text)
    titled = zip(parts[1::2], parts[2::2], strict=True)
    bodies = [body for title, body in titled if title in ("FAILURES", "ERRORS")] if len(parts) > 1 else [text]
    found: dict[str, Failure] = {}
    for body in bodies:
        named = _SECTION.split(body)
        for name, section in zip(named[1::2], named[2::2], strict=True):
            each = from_section(_ASIDE.sub("", name), section)
            found.setdefault(each.key, each)
    for match in _SUMMARY.finditer(text):
        each = Failure(match[1], match[2] or "", match[2] or "")
        if each.key not in found or not found[each.key].decisive:
            found[each.key] = each
    if not found and (gave_up := _GAVE_UP.search(text)):
        said = gave_up[1] or gave_up[2]
        return [Failure("", said, said)]
    return list(found.values())


class Framework(NamedTuple):
    """Patterns of lines: `fits` anywhere says that the framework wrote the text; `fails` and `opens` name the test
    that the lines after them belong to, until another one or `ends`. The tests that a line of `fails` names failed.
    """

    fits: re.Pattern[str]
    fails: re.Pattern[str]
    ends: re.Pattern[str]
    opens: re.Pattern[str]


def _framework(fits: str, fails: str, ends: str, opens: str = "") -> Framework:
    patterns = (re.compile(each) for each in (fails, ends, opens or fails))
    return Framework(re.compile(fits, re.MULTILINE), *patterns)


_TABLE = (
    _framework(  # unittest
        r"^={20,}\n(?:FAIL|ERROR): ", r"(?:FAIL|ERROR): (\S.*)$", r"={20,}$|Ran \d+ tests?"
    ),
    _framework(  # go test
        r"^[ \t]{0,40}--- FAIL: \S+ \(\d|^FAIL\t|^ok  \t",
        r" *--- FAIL: (\S+) \(|FAIL\s+(\S+)\s+\[",
        r" *(?:=== |--- (?:PASS|SKIP))|FAIL|ok |PASS|exit status",
        r"=== (?:RUN|CONT|NAME)\s+(\S+)|# (\S+)$",
    ),
    _framework(  # TAP
        r"^TAP version \d+|^1\.\.\d+$|^not ok +\d+|^Bail out!",
        r"\s*not ok\b(?!.*#\s*(?:todo|skip|TODO|SKIP))(?:\s+\d+)?\s*-?\s*(.*?)\s*$|(Bail out!.*)$",
        r"\s*(?:not )?ok\b|\s*1\.\.\d+|TAP version|\S(?<!#)|\s*$",
    ),
    _framework(  # cargo
        r"^---- \S+ stdout ----$", r"---- (\S+) stdout ----$", r"failures:|test result:"
    ),
    _framework(  # jest, vitest
        r"^ {2}● \S| FAIL  \S+ > ",
        r" {2}● (.+)$| FAIL  (\S+ > .+)$",
        r"Tests?:? |Test Suites?:| Test Files",
    ),
    _framework(  # mocha, RSpec, PHPUnit
        r"^ {0,9}\d{1,9} failing\b|^\d{1,9} examples?, \d+ failures?|^FAILURES!$"
        r"|^There (?:was|were) \d+ (?:failure|error)",
        r" {0,2}\d{1,4}\) (\S.*)$",
        r"Finished in|Failed examples:|FAILURES!|Tests: ",
    ),
    _framework(  # GoogleTest
        r"^\[ RUN {6}\] ", r"\[ {2}FAILED {2}\] (\S+\.\S+?)[, ]", r"\[(?:-{10}| {7}OK)", r"\[ RUN {6}\] (\S+)"
    ),
)
_KEYED = re.compile(r"\s*(?:#\s*)?(?:message|error|reason)\s*:\s*(\S.*)$", re.IGNORECASE)
_PANIC = re.compile(r"\s*panic: |\s+Error:\s+\S|\s*Failure/Error: ")
_ERROR = re.compile(r"\s*(?!Error\b)[\w.$]*(?:Error|Exception)\b(?:: | \[)")
_PLACE = re.compile(r"\s+[\w./-]+\.go:\d+: ?(.*)$")
_HINT = re.compile(r"\s*(?:# *)*(?:Failed test|at |\(in test file|thread '.*' (?:\(\d+\) )?panicked at|$)")


_GO_JSON = re.compile(r'^\{.{0,300}"Action":"(?:run|output|fail|start|build-output)"', re.MULTILINE)


def parse_frameworks(text: str) -> list[Failure] | None:
    """Failures of tests in the order of the text; a parent that only failed with its subtest is left out."""
    events = _GO_JSON.search(text) is not None
    text = "".join(map(_of_event, text.split("\n"))) if events else text
    forms = [form for form in _TABLE if form.fits.search(text)]
    lines = [line[:LONG] for line in text.split("\n")]
    return [each for form in forms for each in _tests(lines, form)] if forms or events else None


def _of_event(line: str) -> str:
    """What a line of `go test -json` prints."""
    event = mapping(parsed(line))
    return string(event.get("Output")) if "Action" in event else f"{line}\n"


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
    pairs = list(zip(lines, [*lines[1:], ""], strict=False))
    for line, below in pairs:
        if match := _KEYED.match(line):
            said = below if match[1].strip() in ("|-", "|", ">-", ">") and below else match[1]
            return said.strip().strip("'\"")
    panic, error = (next((line for line in lines if form.match(line)), "") for form in (_PANIC, _ERROR))
    if said := panic or last_exception(lines) or error:
        return said.strip()
    for line, below in pairs:
        if (match := _PLACE.match(line)) and (match[1].strip() or below):
            return (line if match[1].strip() else below).strip()
    return next((line for line in lines if not _HINT.match(line)), lines[0] if lines else "").strip()


def parse_junit(text: str) -> list[Failure] | None:
    """Test cases with a failure or an error, as far as the file can be parsed.

    A file that declares a document type is rejected, so that no entities are expanded.
    """
    bare = text.lstrip("\ufeff \t\r\n")
    if not bare.startswith("<") or not re.search(r"<testsuites?\b", bare[:4000]):
        return None
    if re.search(r"<!(?:DOCTYPE|ENTITY)", text, re.IGNORECASE):
        return []
    parser: XMLPullParser[Element] = XMLPullParser(events=("end",))
    found: list[Failure] = []
    with suppress(ParseError, ValueError):
        parser.feed(bare)
        for event in parser.read_events():
            element = event[-1]
            if isinstance(element, Element) and element.tag.rsplit("}", 1)[-1] == "testcase":
                found += _case(element)
    return found


def _case(case: Element) -> list[Failure]:
    for child in case:
        if child.tag.rsplit("}", 1)[-1] in ("failure", "error"):
            name = f"{case.get('classname') or ''}::{case.get('name') or ''}".removeprefix("::")
            kind, message, trace = child.get("type") or "", child.get("message") or "", child.text or ""
            named = last_exception([kind.rsplit(".", 1)[-1]]) and not last_exception([message])
            if message and named and kind not in trace:
                message = f"{kind}: {message}"
            return [failure(name, (message, trace))]
    return []
