"""What test runners print for the agent's own runs. Background only: what fails here is mended later, or does not matter."""

# ruff: noqa: E501 - a line that a program prints is one line here too

from __future__ import annotations

from benchmarks.traces import words
from benchmarks.traces.chance import Chance
from benchmarks.traces.project import Project
from benchmarks.traces.shell import Shown


def suite(chance: Chance, project: Project, count: int) -> Shown:
    runners = {"python": pytest, "node": jest, "go": go, "rust": cargo, "java": maven}
    return runners.get(project.language, ctest)(chance, project, count)


def pytest(chance: Chance, project: Project, count: int) -> Shown:
    lines = [
        "=" * 29 + " test session starts " + "=" * 30,
        "platform linux -- Python 3.11.9, pytest-8.3.4, pluggy-1.5.0 -- /usr/bin/python3",
    ]
    lines += [f"rootdir: {project.root}", f"collected {count} items", ""]
    failed = chance.number(0, count - 1) if chance.maybe(0.35) else -1
    for number in range(count):
        word = "\x1b[31mFAILED\x1b[0m" if number == failed else "\x1b[32mPASSED\x1b[0m"
        lines.append(
            f"tests/test_{chance.pick(project.stems)}.py::test_{chance.pick(words.VERBS)}_{chance.pick(words.PARTS)} {word}\x1b[32m [{100 * number // count:>3}%]\x1b[0m"
        )
    if failed >= 0:
        want, got = chance.number(1, 99), chance.number(100, 999)
        name = f"test_{chance.pick(words.PARTS)}_{chance.number(1, 90)}"
        lines += [
            "",
            "=" * 35 + " FAILURES " + "=" * 35,
            f"\x1b[31m\x1b[1m{'_' * 20} {name} {'_' * 20}\x1b[0m",
            "",
            "    def " + name + "():",
        ]
        lines += [
            f">       assert {chance.pick(words.VERBS)}({got}) == {want}",
            f"\x1b[1m\x1b[31mE       assert {got} == {want}\x1b[0m",
        ]
    lost = "1 failed, " if failed >= 0 else ""
    lines.append(
        f"\x1b[32m{'=' * 20} \x1b[1m{lost}{count - (failed >= 0)} passed\x1b[0m\x1b[32m in {chance.number(0, 90)}.{chance.number(10, 99)}s {'=' * 20}\x1b[0m"
    )
    return f"cd {project.root} && python -m pytest -v", lines


def go(chance: Chance, project: Project, count: int) -> Shown:
    lines = []
    for _ in range(count // 2 + 1):
        name = f"Test{chance.pick(words.VERBS).capitalize()}{chance.pick(words.PARTS).capitalize()}"
        lines += [f"=== RUN   {name}", f"--- PASS: {name} (0.{chance.number(0, 99):02d}s)"]
    lines += [
        "PASS",
        f"ok  \t{project.noun}/{chance.pick(words.STEMS)}\t{chance.number(0, 9)}.{chance.number(100, 999)}s",
    ]
    return f"cd {project.root} && go test -v ./...", lines


def jest(chance: Chance, project: Project, count: int) -> Shown:
    lines: list[str] = []
    while len(lines) < count:
        lines.append(
            f"\x1b[0m\x1b[7m\x1b[1m\x1b[32m PASS \x1b[39m\x1b[22m\x1b[27m\x1b[0m \x1b[2mtests/\x1b[22m\x1b[1m{chance.pick(project.stems)}.test.js\x1b[22m"
        )
        for _ in range(chance.number(2, 9)):
            lines.append(
                f"    \x1b[32m✓\x1b[39m \x1b[2m{chance.pick(words.VERBS)}s the {chance.pick(words.PARTS)} of a {chance.pick(words.NOUNS)} ({chance.number(1, 90)} ms)\x1b[22m"
            )
    lines += [
        "",
        f"\x1b[1mTests:       \x1b[22m\x1b[1m\x1b[32m{count} passed\x1b[39m\x1b[22m, {count} total",
        "\x1b[2mRan all test suites\x1b[22m\x1b[2m.\x1b[22m",
    ]
    return f"cd {project.root} && npx jest --verbose", lines


def cargo(chance: Chance, project: Project, count: int) -> Shown:
    lines = [
        f"\x1b[1m\x1b[32m     Running\x1b[0m unittests src/lib.rs (target/debug/deps/{project.noun}-{chance.hex(16)})",
        "",
        f"running {count} tests",
    ]
    lines += [
        f"test {chance.pick(words.STEMS)}::tests::{chance.pick(words.VERBS)}_{chance.pick(words.PARTS)} ... \x1b[32mok\x1b[0m"
        for _ in range(count)
    ]
    lines += [
        "",
        f"test result: \x1b[32mok\x1b[0m. {count} passed; 0 failed; {chance.number(0, 3)} ignored; 0 measured; 0 filtered out",
    ]
    return f"cd {project.root} && cargo test", lines


def maven(chance: Chance, project: Project, count: int) -> Shown:
    lines = []
    for _ in range(count // 2 + 1):
        name = f"org.{project.noun}.{chance.pick(words.STEMS).capitalize()}Test"
        lines += [
            f"[INFO] Running {name}",
            f"[INFO] Tests run: {chance.number(1, 30)}, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.{chance.number(100, 999)} s -- in {name}",
        ]
    return f"cd {project.root} && mvn test", [*lines, "[INFO] BUILD SUCCESS"]


def ctest(chance: Chance, project: Project, count: int) -> Shown:
    lines = [f"Test project {project.root}/build"]
    for number in range(1, count // 2 + 2):
        name = f"{chance.pick(words.STEMS)}_{chance.pick(words.PARTS)}"
        lines += [
            f"      Start {number:>2}: {name}",
            f"{number:>3}/{count} Test #{number}: {name:.<30}   Passed    0.{chance.number(10, 99)} sec",
        ]
    return f"cd {project.root}/build && ctest", lines
