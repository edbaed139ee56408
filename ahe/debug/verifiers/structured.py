"""CTRF (JSON) and JUnit (XML) reports."""

from __future__ import annotations

import json
import re
from xml.etree.ElementTree import Element, ParseError, XMLPullParser

from ahe.debug.verifiers.failure import EXCEPTION, Failure, last_exception, without_frames
from ahe.debug.verifiers.python import from_section

_EMPTY = re.compile(
    r"^(?:the )?test (?:has )?failed(?: in the \w+ phase)?|^failed$|^test failed$", re.IGNORECASE
)
_FORBIDDEN = re.compile(r"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def is_ctrf(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n").startswith("{") and '"results"' in text and '"tests"' in text


def is_junit(text: str) -> bool:
    head = text.lstrip("\ufeff \t\r\n")[:4000]
    return head.startswith("<") and re.search(r"<testsuites?\b", head) is not None


def parse_ctrf(text: str) -> list[Failure]:
    """Tests whose status is `failed`; empty if the file is not CTRF."""
    try:
        tests = json.loads(text.lstrip("\ufeff"))["results"]["tests"]
        found = [test for test in tests if isinstance(test, dict) and test.get("status") == "failed"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    return [
        _failure(str(test.get("name") or ""), str(test.get("message") or ""), str(test.get("trace") or ""))
        for test in found
    ]


def parse_junit(text: str) -> list[Failure]:
    """Test cases with a failure or an error, as far as the file can be parsed.

    A file that declares a document type is rejected, so that no entities are expanded.
    """
    if _FORBIDDEN.search(text):
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
            kind = child.get("type") or ""
            message = child.get("message") or ""
            if kind and message and EXCEPTION.match(kind.rsplit(".", 1)[-1]) and not EXCEPTION.match(message):
                message = f"{kind}: {message}" if kind not in (child.text or "") else message
            return [_failure(name, message, child.text or "")]
    return []


def _failure(name: str, message: str, trace: str) -> Failure:
    """The failure from a message and a trace: by the assertion in the trace, else by a message that is not generic."""
    lines = trace.split("\n")
    if any(line[:2] in ("E ", "E\t") for line in lines):
        return from_section(name, trace)
    kept = [line for line in without_frames(lines) if line.strip()]
    first = next((line for line in message.split("\n") if line.strip()), "").strip()
    if first and not _EMPTY.match(first):
        return Failure(name, "\n".join([message, *kept]), first)
    decisive = last_exception(kept) or (kept[0].strip() if kept else first)
    return Failure(name, "\n".join(kept) or message, decisive)
