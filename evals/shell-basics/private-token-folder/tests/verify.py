#!/usr/bin/env python3
import hashlib
import os
import stat
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


def unchanged(path, digest):
    if not os.path.isfile(path):
        fail(f"{path}: input file is missing")
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"{path}: input file was changed")


def mode(path, want):
    if not os.path.exists(path):
        fail(f"{path}: missing")
    got = stat.S_IMODE(os.stat(path).st_mode)
    if got != want:
        fail(f"{path}: mode is {got:o}, expected {want:o}")


mode("/app/private", 0o700)
mode("/app/private/token.txt", 0o600)
unchanged("/app/private/token.txt", "6f266c36a86aa173a741492d351b5f2d8fdd4279a32cc5f90310fd66061fb0df")

print("OK")
