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
1. atram gets seat 51
2. oj gets seat 5
3. tkideneb gets seat 86
4. ahsia gets seat 36
5. eel mot gets seat 74
6. ainex gets seat 51
""".strip().split("\n")

unchanged("/app/seats.py", "7cd53596e54520225c3c44f664f5f9ed535493c42157f64b3ed0482fe555e8c1")
unchanged("/app/guests.txt", "0183b588478bceaabaf8c1ae83634c63e45e3fb52ff1520c304cefed030b683d")
same_lines("/app/seats.txt", WANT)

print("OK")
