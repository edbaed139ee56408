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


unchanged("/app/deploy.sh", "3fd7d3f5b3edbb5b91c1e7c57c8972cce5327cef6b2a4c7e3b7784ad95dbab07")
mode("/app/deploy.sh", 0o755)
mode("/app/notes.txt", 0o644)
mode("/app/deploy.conf", 0o640)

print("OK")
