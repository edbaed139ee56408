#!/usr/bin/env python3
import gzip
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


def number(path, want):
    got = read(path).strip()
    if not got:
        fail(f"{path}: is empty")
    if not re.fullmatch(r"[0-9]+", got):
        fail(f"{path}: expected only one number")
    if int(got) != want:
        fail(f"{path}: wrong number: {got[:20]}")


if not os.path.isfile("/app/visits.log.gz"):
    fail("/app/visits.log.gz: the compressed file is missing")
try:
    with gzip.open("/app/visits.log.gz") as f:
        count = f.read().count(b"\n")
except (OSError, EOFError):
    fail("/app/visits.log.gz: the compressed file was changed")
if count != 387:
    fail("/app/visits.log.gz: the compressed file was changed")
if os.path.lexists("/app/visits.log"):
    fail("/app/visits.log: the unpacked file must not be there")
number("/app/visits.txt", 387)

print("OK")
