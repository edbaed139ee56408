#!/usr/bin/env python3
import hashlib
import os
import stat
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


def mode(path, want):
    if not os.path.exists(path):
        fail(f"{path}: missing")
    got = stat.S_IMODE(os.stat(path).st_mode)
    if got != want:
        fail(f"{path}: mode is {got:o}, expected {want:o}")


unchanged("/app/template.sh", "685649d2904833719512f7105ea1d92a5fefd61f6a907b3497a9f7a254b9cafe")
unchanged("/app/report.sh", "836eb20978072dc8169a8479171d27cdec4217690a88f290622329a90d67ed6f")
mode("/app/template.sh", 0o750)
mode("/app/report.sh", 0o750)

print("OK")
