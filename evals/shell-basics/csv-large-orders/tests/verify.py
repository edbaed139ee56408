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
    if got != want and sorted(got) == sorted(want):
        fail(f"{path}: right lines, wrong order")
    if len(got) != len(want):
        fail(f"{path}: expected {len(want)} lines, found {len(got)}")
    for n, (a, b) in enumerate(zip(got, want), 1):
        if a != b:
            fail(f"{path}: line {n} is wrong: {a[:60]!r}")


WANT = """
order,customer,pieces
A17,Hill School,120
A19,Lake Hotel,1000
A22,Town Pool,101
A24,Lake Hotel,250
A26,Mill Bakery,300
""".strip().split("\n")

unchanged("/app/orders.csv", "ac5682e5d7c3b29b1f562703e11af85e5f628027b5838c4d27742274c00fa914")
got = lines("/app/large.csv")
if got[0] != WANT[0]:
    fail("/app/large.csv: the first line is not the header")
for line in got[1:]:
    if line not in WANT:
        fail(f"/app/large.csv: this line should not be there: {line[:60]!r}")
same_lines("/app/large.csv", WANT)

print("OK")
