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


unchanged("/app/store/prices.csv", "edda2bf6ceee6543f0f427758784eb1c8319d64d459d1af71b29b0b8233f7b26")
if os.path.islink("/app/store/prices.csv"):
    fail("/app/store/prices.csv: is a link now, expected the file")
if os.path.islink("/app/prices.csv"):
    fail("/app/prices.csv: is still a symbolic link")
if read("/app/prices.csv") != read("/app/store/prices.csv"):
    fail("/app/prices.csv: is not a copy of /app/store/prices.csv")
if os.path.samefile("/app/prices.csv", "/app/store/prices.csv"):
    fail("/app/prices.csv: is a hard link, expected a copy")

print("OK")
