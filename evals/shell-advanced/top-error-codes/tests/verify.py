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


unchanged("/app/app_log", "bd019e01bce3fc131317677e5f9738c20ff2a3b157d98e01d9abfb99e5a3e1c2")
same_lines("/app/top.txt", ["E1042 17", "E2001 13", "E3310 11"])

print("OK")
