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


def same_lines(path, want):
    text = read(path)
    if not text.strip():
        fail(f"{path}: is empty")
    got = [line.rstrip() for line in text.rstrip("\n").split("\n")]
    if got == want:
        return
    if sorted(got) == sorted(want):
        fail(f"{path}: right lines, wrong order")
    if len(got) != len(want):
        fail(f"{path}: expected {len(want)} lines, found {len(got)}")
    for number, (a, b) in enumerate(zip(got, want), 1):
        if a != b:
            fail(f"{path}: line {number} is wrong: {a!r}")


def tree(top):
    """All files below top: relative path -> content."""
    if not os.path.isdir(top):
        fail(f"{top}: missing (expected a folder)")
    found = {}
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, top)] = read(path)
    return found


def same_tree(top, want):
    got = tree(top)
    for name in sorted(want):
        if name not in got:
            fail(f"{top}: file {name!r} is missing")
    for name in sorted(got):
        if name not in want:
            fail(f"{top}: unexpected file {name!r}")
    for name in sorted(want):
        if got[name] != want[name]:
            fail(f"{top}: file {name!r} has wrong content")


KEEP = {
    'alpha.txt': 'order 1001\n12 bolts\n',
    'bravo.txt': 'order 1002\n7 hinges\n',
    'delta.txt': 'order 1003\n3 drills\n',
    'echo.txt': 'order 1004\n9 hammer\n',
    'golf.txt': 'order 1005\n8 hammer\n',
    'india.txt': 'order 1003\n4 drills\n',
    'lima.txt': 'order 1006\n1 ladder\n',
}
REMOVED = [
    'charlie.txt',
    'foxtrot.txt',
    'hotel.txt',
    'juliet.txt',
    'kilo.txt',
]

same_tree("/app/inbox", KEEP)
same_lines("/app/removed.txt", REMOVED)

print("OK")
