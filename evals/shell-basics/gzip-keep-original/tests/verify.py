#!/usr/bin/env python3
import gzip
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


unchanged("/app/access.log", "1fd3f7469ff2a5ab50f77754d259d7a24468b762e144b7e6ef95f96133c1fabe")
if not os.path.isfile("/app/access.log.gz"):
    fail("/app/access.log.gz: missing (expected a file)")
try:
    with gzip.open("/app/access.log.gz") as f:
        got = hashlib.sha256(f.read()).hexdigest()
except (OSError, EOFError):
    fail("/app/access.log.gz: is not a gzip file")
if got != "1fd3f7469ff2a5ab50f77754d259d7a24468b762e144b7e6ef95f96133c1fabe":
    fail("/app/access.log.gz: does not contain access.log")

print("OK")
