#!/usr/bin/env python3
import json
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


WANT = {"host": "127.0.0.1", "port": 8085, "debug": False, "workers": 4}

try:
    got = json.loads(read("/app/settings.json"))
except ValueError:
    fail("/app/settings.json: is not valid JSON")
if not isinstance(got, dict):
    fail("/app/settings.json: expected one object")
if sorted(got) != sorted(WANT):
    fail(f"/app/settings.json: wrong keys: {sorted(got)}")
for key, value in WANT.items():
    if got[key] != value or type(got[key]) is not type(value):
        fail(f"/app/settings.json: wrong value of {key}: {got[key]!r}")

print("OK")
