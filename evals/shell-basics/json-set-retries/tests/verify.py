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


WANT = {"host": "files.example.net", "port": 443, "login_retries": 3, "retries": 5, "timeout": 3, "verify": True}

try:
    got = json.loads(read("/app/client.json"))
except ValueError:
    fail("/app/client.json: is not valid JSON")
if not isinstance(got, dict):
    fail("/app/client.json: expected one object")
if sorted(got) != sorted(WANT):
    fail(f"/app/client.json: wrong keys: {sorted(got)}")
for key, value in WANT.items():
    if got[key] != value or type(got[key]) is not type(value):
        fail(f"/app/client.json: wrong value of {key}: {got[key]!r}")

print("OK")
