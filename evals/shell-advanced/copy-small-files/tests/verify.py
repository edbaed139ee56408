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


SIZES = {
    'a.txt': 12,
    'b.txt': 999,
    'c.txt': 1000,
    'sub/d.txt': 1001,
    'sub/e.dat': 1024,
    'sub/f.dat': 700,
    'sub/deep/g.txt': 513,
    'sub/deep/h.txt': 5000,
    'other/a.txt': 300,
    'other/i.txt': 2048,
    'big/j.bin': 1500,
}

everything = {name: "abcdefghijk"[i] * size for i, (name, size) in enumerate(SIZES.items())}
same_tree("/app/in", everything)
same_tree("/app/small", {name: text for name, text in everything.items() if len(text) < 1000})

print("OK")
