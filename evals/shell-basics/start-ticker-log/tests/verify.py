#!/usr/bin/env python3
import hashlib
import os
import re
import sys
import time


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


unchanged("/app/ticker.sh", "7372d4d253b95717579ba254a7e67ad057985679433f906acc503f88f9393619")
before = read("/app/ticker.log")
end = time.monotonic() + 10
while True:
    after = read("/app/ticker.log")
    new = [line for line in after.split("\n") if re.search(r"tick [0-9]+ of pid [0-9]+$", line)]
    if len(after) > len(before) and new:
        break
    if time.monotonic() > end:
        fail("/app/ticker.log: no new lines come in, the script is not running with its output in this file")
    time.sleep(0.3)

print("OK")
