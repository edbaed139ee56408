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
    if not re.fullmatch(r"-?[0-9]+", got):
        fail(f"{path}: expected only one number")
    if int(got) != want:
        fail(f"{path}: wrong number: {got}")


unchanged("/app/check.py", "b03a1b64525fe4a2ebe6efbd942ac229df2580d071efbb8a55509f544e2546c0")
unchanged("/app/items.txt", "eab922e90cc5b06c5cea4577b2682051519ec4a3d8e0b064bee1e50f4b69d879")
number("/app/code.txt", 32)

print("OK")
