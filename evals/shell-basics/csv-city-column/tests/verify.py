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
Oslo
Lima
Bergen
Porto
Lima
Kyoto
Oslo
Kyoto
Bergen
Bergen
Bergen
Kyoto
Porto
Graz
Oslo
Kyoto
Oslo
Kyoto
Oslo
Kyoto
Graz
Oslo
Graz
Porto
Porto
Porto
Graz
Bergen
Graz
Porto
Lima
Lima
Bergen
Bergen
Bergen
Oslo
Bergen
Porto
Lima
Porto
Kyoto
Quito
Porto
Porto
Porto
""".split()

unchanged("/app/people.csv", "a41d47940072e86a92be23a60b55c9fbd8bdb265ea66684731019cf33b211a1a")
same_lines("/app/cities.txt", WANT)

print("OK")
