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


MODES = {
    "public": 0o775,
    "public/index.html": 0o664,
    "public/run.sh": 0o755,
    "public/secret.txt": 0o640,
    "public/img": 0o755,
    "public/img/logo.svg": 0o644,
    "public/img/raw": 0o770,
    "public/img/raw/logo.txt": 0o664,
}
FILES = {
    "public/index.html": "ebd124fc4e4c92f8d1d08886925f12ece8727c21f05a54fd8a020cc8c86ab669",
    "public/run.sh": "fa4b10f0e8faa0a58e13a0bd3332f11c422864acefd6bcbf8f574e21bcfe41e0",
    "public/secret.txt": "5fc78f87bd23b743897cdef478e590d1724e0bf33a98363906afe74629c7d1c8",
    "public/img/logo.svg": "6d6ddf6160dbd0685f29b421c8f85ad7ae4e7c6eb12ef9987cc699c7debd046a",
    "public/img/raw/logo.txt": "594d58eef5f15877d13c2458636652a56ca0a3db856d8566f4cbd72b29f89c82",
}

for name, want in MODES.items():
    mode(f"/app/{name}", want)
for name, digest in FILES.items():
    unchanged(f"/app/{name}", digest)

print("OK")
