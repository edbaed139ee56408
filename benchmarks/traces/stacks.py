"""Stack traces in five languages, of mistakes that the agent makes and mends on its way."""

# ruff: noqa: E501 - a line that a program prints is one line here too

from __future__ import annotations

from benchmarks.traces import words
from benchmarks.traces.chance import Chance
from benchmarks.traces.project import Project
from benchmarks.traces.shell import Shown


def stack(chance: Chance, project: Project, count: int) -> Shown:
    makers = {"node": node, "java": java, "rust": rust, "go": go}
    return makers.get(project.language, python)(chance, project, min(count, 40))


def python(chance: Chance, project: Project, count: int) -> Shown:
    lines = ["Traceback (most recent call last):"]
    for _ in range(max(1, count // 2)):
        path = project.source(chance)
        text = project.text(path)
        at = int(chance.real() * len(text))
        lines += [
            f'  File "{project.root}/{path}", line {at + 1}, in {chance.pick(words.VERBS)}_{chance.pick(words.PARTS)}'
        ]
        lines += [f"    {text[at].strip() or 'pass'}"]
    part = chance.pick(words.PARTS)
    lines.append(
        chance.pick(
            (
                f"KeyError: '{part}'",
                f"TypeError: {part}() takes {chance.number(1, 3)} positional arguments but {chance.number(4, 6)} were given",
                f"AttributeError: 'NoneType' object has no attribute '{part}'",
                f"ValueError: not enough values to unpack (expected {chance.number(2, 9)}, got 1)",
                f"NameError: name '{part}s' is not defined",
                f"IndexError: list index out of range ({part})",
            )
        )
    )
    return f"cd {project.root} && python {project.source(chance)}", lines


def node(chance: Chance, project: Project, count: int) -> Shown:
    path = f"{project.root}/{project.source(chance)}"
    lines = [
        f"{path}:{chance.number(3, 300)}",
        f"  {chance.pick(words.PARTS)}.{chance.pick(words.PARTS)}();",
        "         ^",
        "",
    ]
    lines.append(f"TypeError: Cannot read properties of undefined (reading '{chance.pick(words.PARTS)}')")
    for _ in range(count):
        lines.append(
            f"    at {chance.pick(words.VERBS)}{chance.pick(words.PARTS).capitalize()} ({project.root}/{project.source(chance)}:{chance.number(2, 300)}:{chance.number(2, 60)})"
        )
    return f"node {path}", [*lines, "", "Node.js v20.11.1"]


def java(chance: Chance, project: Project, count: int) -> Shown:
    lines = [
        f'Exception in thread "main" java.lang.NullPointerException: Cannot invoke "{chance.pick(words.PARTS).capitalize()}.get()" because "{chance.pick(words.PARTS)}" is null'
    ]
    for _ in range(count):
        stem = chance.pick(words.STEMS).capitalize()
        lines.append(
            f"\tat org.{project.noun}.{stem}.{chance.pick(words.VERBS)}({stem}.java:{chance.number(5, 500)})"
        )
    lines += [
        f"Caused by: java.lang.IllegalStateException: {chance.pick(words.PARTS)} already closed",
        f"\t... {chance.number(3, 40)} more",
    ]
    return f"java -jar target/{project.noun}.jar", lines


def rust(chance: Chance, project: Project, count: int) -> Shown:
    lines = [
        f"thread 'main' panicked at src/{chance.pick(words.STEMS)}.rs:{chance.number(3, 400)}:{chance.number(2, 60)}:"
    ]
    lines += [f"called `Option::unwrap()` on a `None` value ({chance.pick(words.PARTS)})", "stack backtrace:"]
    for number in range(count):
        lines += [
            f"  {number:>2}: {project.noun}::{chance.pick(words.STEMS)}::{chance.pick(words.VERBS)}",
            f"             at ./src/{chance.pick(words.STEMS)}.rs:{chance.number(3, 400)}:{chance.number(2, 60)}",
        ]
    return f"cd {project.root} && RUST_BACKTRACE=1 cargo run", lines


def go(chance: Chance, project: Project, count: int) -> Shown:
    lines = [
        f"panic: runtime error: index out of range [{chance.number(5, 90)}] with length {chance.number(1, 5)}",
        "",
        f"goroutine {chance.number(1, 90)} [running]:",
    ]
    for _ in range(count):
        lines += [
            f"main.{chance.pick(words.VERBS)}({{0x{chance.hex(10)}, 0x{chance.hex(2)}}})",
            f"\t{project.root}/{project.source(chance)}:{chance.number(3, 400)} +0x{chance.hex(3)}",
        ]
    return f"cd {project.root} && go run .", [*lines, "exit status 2"]
