#!/usr/bin/env python3
import hashlib
import os
import re
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


def number(path, want):
    got = read(path).strip()
    if not got:
        fail(f"{path}: is empty")
    if not re.fullmatch(r"[0-9]+", got):
        fail(f"{path}: expected only one number")
    if int(got) != want:
        fail(f"{path}: wrong number: {got[:20]}")


unchanged("/app/story.txt", "64db25e7a2f4c0696475f12762596e93062a93e09505ef8f21229d576fd3eb26")
number("/app/count.txt", 9)

print("OK")
