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


WANT = [
    '9 black',
    '15 blue',
    '9 dark red',
    '12 green',
    '15 red',
    '4 white',
    '11 yellow',
]

unchanged("/app/colors.txt", "d53bd778a1c7822da3cbd580786a242bb69def24a411ee04b4a00ac90d01edc7")
got = [" ".join(line.split()) for line in lines("/app/counts.txt")]
if len(got) != len(WANT):
    fail(f"/app/counts.txt: expected {len(WANT)} lines, found {len(got)}")
if sorted(got) != sorted(WANT):
    fail("/app/counts.txt: the counts or the colors are wrong")
if got != WANT:
    fail("/app/counts.txt: the lines are in the wrong order")

print("OK")
