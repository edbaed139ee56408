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


unchanged("/app/access_log", "7ceb57002284570292e6f0bd55c6bae0dfc13c662ea2a4c7ea9d7c666f5dfdbd")
got = read("/app/clients.txt").strip()
if not got:
    fail("/app/clients.txt: is empty")
if len(got.split()) != 1 or not got.isdigit():
    fail("/app/clients.txt: expected only one number")
if int(got) != 20:
    fail(f"/app/clients.txt: wrong number: {got}")

print("OK")
