#!/usr/bin/env python3
import os
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


def read(path):
    if not os.path.isfile(path):
        fail(f"{path}: missing (expected a file)")
    try:
        with open(path, encoding="utf-8", errors="replace") as f:
            return f.read()
    except OSError:
        fail(f"{path}: cannot be read")


def lines(path):
    """Lines of the file, without spaces at the ends of lines and empty lines at the end."""
    got = [line.rstrip() for line in read(path).rstrip().split("\n")]
    if got == [""]:
        fail(f"{path}: is empty")
    return got


def same_lines(path, want):
    got = lines(path)
    if got != want and sorted(got) == sorted(want):
        fail(f"{path}: right lines, wrong order")
    if len(got) != len(want):
        fail(f"{path}: expected {len(want)} lines, found {len(got)}")
    for n, (a, b) in enumerate(zip(got, want), 1):
        if a != b:
            fail(f"{path}: line {n} is wrong: {a[:60]!r}")


WANT = ["/app/src/draw/line.py", "/app/src/draw/old/pen.txt", "/app/src/main.py", "/app/src/notes.md"]

got = lines("/app/todo.txt")
for path in got:
    if path not in WANT:
        fail(f"/app/todo.txt: this is not the path of a file with TODO: {path[:60]!r}")
for path in WANT:
    if path not in got:
        fail(f"/app/todo.txt: {path} is missing")
same_lines("/app/todo.txt", WANT)

print("OK")
