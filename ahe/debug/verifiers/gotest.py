"""What `go test` prints, plain or with -json."""

from __future__ import annotations

import json
import re

from ahe.debug.verifiers.failure import Failure

_FAIL = re.compile(r"^( *)--- FAIL: (\S+) \(")
_OTHER = re.compile(r"^ *(?:=== |--- (?:PASS|SKIP|FAIL))")
_PLACE = re.compile(r"^\s+[\w./-]+\.go:\d+: ?(.*)$")
_FAILED_PACKAGE = re.compile(r"^FAIL\s+\S+(?:\s+\[(.+)\]|\s+[\d.]+s)?$")


def is_go(text: str) -> bool:
    return bool(
        re.search(r"^\s*--- FAIL: \S+ \(\d|^FAIL\t|^ok  \t", text, re.M)
        or re.search(r'^\{.*"Action":"(?:run|output|fail|start|build-output)"', text, re.M)
    )


def parse(text: str) -> list[Failure]:
    """Failures of the tests that print something; a parent test that only failed with its subtest is left out.
    A package that did not build counts as a failure."""
    if re.search(r'^\{.*"Action":', text, re.M):
        text = _plain(text)
    found = _tests(text.split("\n"))
    return found or _packages(text)


def _tests(lines: list[str]) -> list[Failure]:
    found: list[Failure] = []
    printed: dict[str, list[str]] = {}
    failed: list[str] = []
    running = ""
    for line in lines:
        if match := re.match(r"^=== (?:RUN|CONT|NAME)\s+(\S+)", line):
            running = match[1]
        elif match := _FAIL.match(line):
            running = match[2]
            printed.setdefault(running, [])
            failed.append(running)
        elif _OTHER.match(line) or line.startswith(("FAIL", "ok ", "PASS", "exit status")):
            running = ""
        elif running and line.strip():
            printed.setdefault(running, []).append(line)
    for name in dict.fromkeys(failed):
        kept = printed.get(name, [])
        if kept or not any(other.startswith(f"{name}/") for other in failed):
            found.append(Failure(name, "\n".join(kept), _decisive(kept)))
    return found


def _decisive(lines: list[str]) -> str:
    """A panic; else testify's `Error:`; else the first line with a position in a test file."""
    for pattern in (r"^\s*panic: ", r"^\s+Error:\s+\S"):
        for line in lines:
            if re.match(pattern, line):
                return line.strip()
    for number, line in enumerate(lines):
        if match := _PLACE.match(line):
            if match[1].strip():
                return line.strip()
            return lines[number + 1].strip() if number + 1 < len(lines) else ""
    return lines[0].strip() if lines else ""


def _packages(text: str) -> list[Failure]:
    """The first package that failed without a test: what the compiler or a panic printed."""
    lines = text.split("\n")
    errors = [line for line in lines if re.match(r"^(?:\S+\.go:\d+(?::\d+)?: |panic: |fatal error: )", line)]
    for line in lines:
        match = _FAILED_PACKAGE.match(line)
        if match:
            return [
                Failure(line.split()[1], "\n".join(errors) or line, (errors[0] if errors else line).strip())
            ]
    return []


def _plain(text: str) -> str:
    parts = []
    for line in text.split("\n"):
        try:
            event = json.loads(line) if line.startswith("{") else None
        except ValueError:
            event = None
        if isinstance(event, dict) and "Action" in event:
            output = event.get("Output")
            parts.append(output if isinstance(output, str) else "")
        else:
            parts.append(f"{line}\n")
    return "".join(parts)
