#!/usr/bin/env python3
import hashlib
import os
import sys
import time


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


unchanged("/app/counter.sh", "ee98012489a8538f2e7af16b0c14311d0172930a6e5237dbebe3f1452da0e4db")
got = lines("/app/counter.txt")
time.sleep(2)
if lines("/app/counter.txt") != got:
    fail("/app/counter.txt: still grows, so counter.sh is still running")
for n, line in enumerate(got, 1):
    if line != f"count {n} is {n * n * 7 % 101}":
        fail(f"/app/counter.txt: line {n} is not from counter.sh: {line[:60]!r}")
if not 3 <= len(got) <= 20:
    fail(f"/app/counter.txt: {len(got)} lines, this was not about three seconds")

print("OK")
