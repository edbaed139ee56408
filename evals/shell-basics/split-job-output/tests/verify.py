#!/usr/bin/env python3
import hashlib
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


def unchanged(path, digest):
    if not os.path.isfile(path):
        fail(f"{path}: input file is missing")
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"{path}: input file was changed")


def lines(path):
    """Lines of the file, without spaces at the ends of lines and empty lines at the end."""
    got = [line.rstrip() for line in read(path).rstrip().split("\n")]
    if got == [""]:
        fail(f"{path}: is empty")
    return got


def same_lines(path, want):
    got = lines(path)
    if len(got) != len(want):
        fail(f"{path}: expected {len(want)} lines, found {len(got)}")
    for n, (a, b) in enumerate(zip(got, want), 1):
        if a != b:
            fail(f"{path}: line {n} is wrong: {a[:60]!r}")


OUT = """
bolts: 72 pieces
clips: 372 pieces
files: 624 pieces
gears: 204 pieces
hooks: 252 pieces
lamps: 444 pieces
pipes: 564 pieces
saws: 228 pieces
wires: 504 pieces
""".strip().split("\n")
ERR = """
warning: drills is sold out
warning: nails is sold out
warning: tiles is sold out
""".strip().split("\n")

unchanged("/app/job.sh", "053671157687705e4f05b710cfff97254c2bd7197030df33e44657f259bd1374")
same_lines("/app/job.out", OUT)
same_lines("/app/job.err", ERR)

print("OK")
