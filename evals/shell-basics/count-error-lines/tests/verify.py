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


unchanged("/app/server.log", "3416b13d6a31e021bb35532635c992aa97b0824fd8254612ac249d7fd03cb1c1")
number("/app/errors.txt", 19)

print("OK")
