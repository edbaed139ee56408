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


def same_lines(path, want):
    text = read(path)
    if not text.strip():
        fail(f"{path}: is empty")
    got = [line.rstrip() for line in text.rstrip("\n").split("\n")]
    if got == want:
        return
    if sorted(got) == sorted(want):
        fail(f"{path}: right lines, wrong order")
    if len(got) != len(want):
        fail(f"{path}: expected {len(want)} lines, found {len(got)}")
    for number, (a, b) in enumerate(zip(got, want), 1):
        if a != b:
            fail(f"{path}: line {number} is wrong: {a!r}")


WANT = [
    'db-01',
    'earth',
    'jupiter',
    'mars',
    'mercury',
    'printer-1',
    'printer-2',
    'saturn',
    'uranus',
    'venus',
    'web-01',
    'web-02',
]

unchanged("/app/lists/office.txt", "96a5e66186b0cfe6c1fa8aab2f181c4aafe4caffba3b791dd98bf01522ecf798")
unchanged("/app/lists/lab.txt", "a1f0215fcd2f82c2bb8d54a6261f4b015db6000b59f7281c6a0ed70b2efa50c4")
unchanged("/app/lists/cloud.txt", "2cc7218da37dced7382d300f76452e719acd80759a66b6e143a15b699d82089e")
text = read("/app/hosts.txt")
if any(line != line.rstrip() for line in text.split("\n")):
    fail("/app/hosts.txt: a line has spaces at its end")
same_lines("/app/hosts.txt", WANT)

print("OK")
