#!/usr/bin/env python3
import hashlib
import json
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


unchanged("/app/garden.json", "0ee6dab12c569de1d5bdb51b42ce1021094732c6b9b99480bd70ae5c9e0da813")
text = read("/app/pretty.json")
try:
    got = json.loads(text)
except ValueError:
    fail("/app/pretty.json: is not valid JSON")
with open("/app/garden.json", encoding="utf-8") as f:
    if got != json.load(f):
        fail("/app/pretty.json: is not the same object")
keys = re.findall(r'^\s*"(\w+)":', text, re.MULTILINE)
if len(keys) != 7:
    fail(f"/app/pretty.json: expected every key on a line of its own, found {len(keys)} such lines")
if list(got) != sorted(got) or list(got["beds"]) != sorted(got["beds"]):
    fail("/app/pretty.json: the keys are not in alphabetical order")

print("OK")
