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


def unchanged(path, digest):
    if not os.path.isfile(path):
        fail(f"{path}: input file is missing")
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"{path}: input file was changed")


WANT = ['a55,rosa,77', 'b31,olaf,45', 'c28,ivan,150', 'e40,lena,210', 'h02,emil,18', 'i91,vera,33', 'k07,mira,120', 'm19,otto,64', 'p03,nils,9', 't12,jane,300']

unchanged("/app/orders.csv", "0b67f0d8a18bd8f425565bf6f152fdc522d0b699cd7bcff7640a68029017b2e9")
same_lines("/app/rows.csv", WANT)

print("OK")
