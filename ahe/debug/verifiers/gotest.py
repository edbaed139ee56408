"""What `go test` prints, plain or with -json."""

from __future__ import annotations

import json
import re

from ahe.debug.verifiers.failure import Failure

_FAIL = re.compile(r"^( *)--- FAIL: (\S+) \(")
_OTHER = re.compile(r"^ *(?:=== |--- (?:PASS|SKIP|FAIL))")
_PLACE = re.compile(r"^\s+[\w./-]+\.go:\d+: ?(.*)$")
_LEFT = re.compile(r"^FAIL\s+\S+(?:\s+\[(.+)\]|\s+[\d.]+s)?$")


def is_go(text: str) -> bool:
    return bool(
        re.search(r"^\s*--- FAIL: \S+ \(\d|^FAIL\t|^ok  \t", text, re.M)
        or re.search(r'^\{.*"Action":"(?:run|output|fail|start|build-output)"', text, re.M)
    )


def parse(text: str) -> list[Failure]:
    """Failures of the tests that say something themselves; a parent that only failed with its child is left
    out. A package that did not build is a failure of its own."""
    if re.search(r'^\{.*"Action":', text, re.M):
        text = _plain(text)
    found = _tests(text.split("\n"))
    return found or _packages(text)


def _tests(lines: list[str]) -> list[Failure]:
    found: list[Failure] = []
    said: dict[str, list[str]] = {}
    silent: list[str] = []
    running = ""
    for line in lines:
        if match := re.match(r"^=== (?:RUN|CONT|NAME)\s+(\S+)", line):
            running = match[1]
        elif match := _FAIL.match(line):
            running = match[2]
            said.setdefault(running, [])
            silent.append(running)
        elif _OTHER.match(line) or line.startswith(("FAIL", "ok ", "PASS", "exit status")):
            running = ""
        elif running and line.strip():
            said.setdefault(running, []).append(line)
    for name in dict.fromkeys(silent):
        kept = said.get(name, [])
        if kept or not any(other.startswith(f"{name}/") for other in silent):
            found.append(Failure(name, "\n".join(kept), _decisive(kept)))
    return found


def _decisive(lines: list[str]) -> str:
    """A panic decides; else testify's `Error:`; else the first line with a place in a test file."""
    for pattern in (r"^\s*panic: ", r"^\s+Error:\s+\S"):
        for line in lines:
            if re.match(pattern, line):
                return line.strip()
    for number, line in enumerate(lines):
        if match := _PLACE.match(line):
            told = match[1].strip() or (lines[number + 1].strip() if number + 1 < len(lines) else "")
            return line.strip() if match[1].strip() else told
    return lines[0].strip() if lines else ""


def _packages(text: str) -> list[Failure]:
    """Packages that failed without a test: what the compiler or a panic said."""
    lines = text.split("\n")
    told = [line for line in lines if re.match(r"^(?:\S+\.go:\d+(?::\d+)?: |panic: |fatal error: )", line)]
    for line in lines:
        match = _LEFT.match(line)
        if match:
            return [Failure(line.split()[1], "\n".join(told) or line, (told[0] if told else line).strip())]
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
