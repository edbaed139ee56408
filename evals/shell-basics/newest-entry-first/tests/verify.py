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
28 June: picked the peas
17 June: new fence at the road
9 June: first strawberries
21 May: tied the tomatoes up
3 May: hail in the evening
3 May: planted the tomatoes
30 April: fixed the water tap
14 April: first leaves of the carrots
1 April: sowed carrots and leek
19 March: frost, covered the peas
2 March: planted the peas
""".strip().split("\n")

unchanged("/app/diary.txt", "899ca141a9e0e3b832b44a2b6c7984ec263a4a3391cff2c8333379e570bb8ab0")
same_lines("/app/newest.txt", WANT)

print("OK")
