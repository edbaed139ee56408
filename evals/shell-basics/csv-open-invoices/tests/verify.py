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


WANT = """
INV300,open,338,
INV302,open,564,was open
INV308,open,232,
INV310,open,521,open question
INV312,open,370,
INV317,open,869,paid twice
INV319,open,601,open question
INV320,open,402,phone call
INV321,open,746,open question
INV322,open,75,
INV331,open,291,open question
INV333,open,664,was open
INV334,open,494,
INV337,open,558,open question
INV338,open,82,phone call
INV347,open,178,
""".strip().split("\n")

unchanged("/app/invoices.csv", "dbaba9f56c1371ac858f93d94a7656caae52630b8f6067dbf7f74db6c1ae4b38")
same_lines("/app/open.csv", WANT)

print("OK")
