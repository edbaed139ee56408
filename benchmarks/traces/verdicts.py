"""What verifiers leave behind. A failure's message names the symptom and never the cause."""

# ruff: noqa: E501 - a line that a program prints is one line here too

from __future__ import annotations

import json
from collections.abc import Callable

from benchmarks.traces import words
from benchmarks.traces.chance import Chance
from benchmarks.traces.kinds import Symptom
from benchmarks.traces.project import Project

Files = dict[str, str]
"""Texts by their names below `verifier/`."""


def symptom(chance: Chance, project: Project, kind: Symptom) -> str:
    want, got = chance.number(100, 4000), chance.number(0, 99)
    texts = {
        "crash": (
            f"{project.function} exited with status {chance.number(1, 3)}",
            f"{project.function} ended before it answered",
        ),
        "missing_output": (f"{project.output} does not exist", f"no file at {project.output}"),
        "wrong_value": (
            f"total of {chance.pick(words.PARTS)}: expected {want}.50, got {got}.00",
            f"row {chance.number(2, 90)} of {project.output}: expected '{want}', got '{got}'",
        ),
        "wrong_count": (
            f"{project.output}: expected {want} lines, found {got}",
            f"expected {want} {project.noun}s, counted {got}",
        ),
        "service_down": (
            f"nothing answers on port {project.port}",
            f"http://localhost:{project.port}/ is not reachable",
        ),
    }
    return chance.pick(texts[kind])


def files(chance: Chance, project: Project, failure: str | None) -> Files:
    """The verifier's files; `failure` is the message of the one test that fails, None when all pass."""
    names = [
        f"test_{chance.pick(words.VERBS)}_{chance.pick(words.PARTS)}" for _ in range(chance.number(3, 7))
    ]
    failed = -1 if failure is None else chance.number(0, len(names) - 1)
    report = _FORMATS.get(chance.pick(_HABITS[project.language]), _plain)
    return report(chance, project, names, failed, failure or "")


def _plain(chance: Chance, project: Project, names: list[str], failed: int, text: str) -> Files:
    return {"test-stdout.txt": f"FAIL: {text}\n" if failed >= 0 else "OK\n"}


def _pytest(chance: Chance, project: Project, names: list[str], failed: int, text: str) -> Files:
    lines = [
        "=" * 30 + " test session starts " + "=" * 30,
        "platform linux -- Python 3.12.3, pytest-8.4.1, pluggy-1.6.0",
    ]
    lines += ["rootdir: /tests", f"collected {len(names)} items", ""]
    lines.append(
        "../tests/test_outputs.py " + "".join("F" if n == failed else "." for n in range(len(names)))
    )
    if failed >= 0:
        name = names[failed]
        lines += ["", "=" * 35 + " FAILURES " + "=" * 35, f"{'_' * 25} {name} {'_' * 25}", ""]
        lines += [
            f"    @pytest.mark.timeout({chance.number(30, 900)})",
            f"    def {name}():",
            f'        """The {project.noun} must be right; a lock or a missing library is no excuse."""',
        ]
        lines += [
            f"        path = Path({project.output!r})",
            "        if not path.exists():",
            '            pytest.fail("permission denied or not written")',
        ]
        lines += [
            f"        found = check_{chance.pick(words.PARTS)}(path, encoding='utf-8')",
            f">       assert found.ok, {text!r}",
            f"E       AssertionError: {text}",
            "E       assert False",
        ]
        lines += [
            "",
            f"/tests/test_outputs.py:{chance.number(20, 200)}: AssertionError",
            "=" * 27 + " short test summary info " + "=" * 27,
        ]
        lines.append(f"FAILED ../tests/test_outputs.py::{name} - AssertionError: {text}")
    lines.append(
        f"========= {'1 failed, ' if failed >= 0 else ''}{len(names) - (failed >= 0)} passed in {chance.number(0, 30)}.{chance.number(10, 99)}s ========="
    )
    return {"test-stdout.txt": "\n".join(lines) + "\n"}


def _ctrf(chance: Chance, project: Project, names: list[str], failed: int, text: str) -> Files:
    tests: list[dict[str, object]] = []
    for number, name in enumerate(names):
        row: dict[str, object] = {
            "name": f"test_outputs.py::{name}",
            "status": "failed" if number == failed else "passed",
            "duration": chance.number(1, 900),
        }
        if number == failed:
            row |= {
                "trace": f"def {name}():\n>       assert found.ok\nE       AssertionError: {text}",
                "message": f"AssertionError: {text}",
            }
        tests.append(row)
    summary = {
        "tests": len(names),
        "passed": len(names) - (failed >= 0),
        "failed": int(failed >= 0),
        "pending": 0,
        "skipped": 0,
        "other": 0,
    }
    tree = {"results": {"tool": {"name": "pytest", "version": "8.4.1"}, "summary": summary, "tests": tests}}
    return {**_pytest(chance, project, names, failed, text), "ctrf.json": json.dumps(tree, indent=2)}


def _unittest(chance: Chance, project: Project, names: list[str], failed: int, text: str) -> Files:
    lines = ["".join("F" if n == failed else "." for n in range(len(names)))]
    if failed >= 0:
        name = names[failed]
        lines += [
            "=" * 70,
            f"FAIL: {name} (test_outputs.OutputTest.{name})",
            "-" * 70,
            "Traceback (most recent call last):",
        ]
        lines += [
            f'  File "/tests/test_outputs.py", line {chance.number(9, 200)}, in {name}',
            f"    self.assertTrue(found.ok, {text!r})",
            f"AssertionError: False is not true : {text}",
            "",
        ]
    lines += [
        "-" * 70,
        f"Ran {len(names)} tests in 0.{chance.number(100, 999)}s",
        "",
        "FAILED (failures=1)" if failed >= 0 else "OK",
    ]
    return {"test-stdout.txt": "\n".join(lines) + "\n"}


def _go(chance: Chance, project: Project, names: list[str], failed: int, text: str) -> Files:
    lines = []
    for number, name in enumerate(names):
        shown = "Test" + "".join(word.capitalize() for word in name.split("_")[1:])
        lines.append(f"=== RUN   {shown}")
        if number == failed:
            lines.append(f"    output_test.go:{chance.number(9, 300)}: {text}")
        lines.append(
            f"--- {'FAIL' if number == failed else 'PASS'}: {shown} ({chance.number(0, 3)}.{chance.number(10, 99)}s)"
        )
    lines += (
        ["FAIL", f"FAIL\tverify\t{chance.number(1, 9)}.{chance.number(100, 999)}s", "FAIL"]
        if failed >= 0
        else ["PASS", f"ok  \tverify\t0.{chance.number(100, 999)}s"]
    )
    return {"test-stdout.txt": "\n".join(lines) + "\n"}


def _tap(chance: Chance, project: Project, names: list[str], failed: int, text: str) -> Files:
    lines = ["TAP version 13", f"1..{len(names)}"]
    for number, name in enumerate(names):
        lines.append(f"{'not ok' if number == failed else 'ok'} {number + 1} - {name.replace('_', ' ')}")
        if number == failed:
            lines += ["  ---", f"  message: {json.dumps(text)}", "  severity: fail", "  ..."]
    return {"test-stdout.txt": "\n".join(lines) + "\n"}


def _junit(chance: Chance, project: Project, names: list[str], failed: int, text: str) -> Files:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    cases = []
    for number, name in enumerate(names):
        inner = f'><failure message="{escaped}" type="AssertionFailedError">{escaped}\n\tat verify.OutputTest.{name}(OutputTest.java:{chance.number(9, 200)})</failure></testcase>'
        cases.append(
            f'  <testcase classname="verify.OutputTest" name="{name}" time="0.{chance.number(100, 999)}"'
            + (inner if number == failed else "/>")
        )
    xml = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuite name="verify.OutputTest" tests="{len(names)}" failures="{int(failed >= 0)}" errors="0">',
        *cases,
        "</testsuite>",
    ]
    shown = f"Tests run: {len(names)}, Failures: {int(failed >= 0)}, Errors: 0, Skipped: 0\n"
    return {"test-stdout.txt": shown, "junit.xml": "\n".join(xml) + "\n"}


_FORMATS: dict[str, Callable[[Chance, Project, list[str], int, str], Files]] = {
    "plain": _plain,
    "pytest": _pytest,
    "ctrf": _ctrf,
    "unittest": _unittest,
    "go": _go,
    "tap": _tap,
    "junit": _junit,
}
_HABITS = {
    "python": ("pytest", "ctrf", "unittest", "plain"),
    "node": ("tap", "ctrf", "plain"),
    "go": ("go", "go", "plain"),
    "rust": ("ctrf", "plain", "pytest"),
    "java": ("junit", "junit", "ctrf"),
    "c": ("plain", "pytest", "tap"),
}
