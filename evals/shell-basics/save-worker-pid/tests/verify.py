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


unchanged("/app/worker.sh", "1544181844c27232dcc1283680a5ed429170f873623b6f8f4f99a917cfa5dc79")
pid = read("/app/worker.pid").strip()
if not re.fullmatch(r"[0-9]+", pid):
    fail("/app/worker.pid: expected only one number")
read("/app/beat.txt")
beats, others = set(), set()
end = time.monotonic() + 10
while len(beats) < 3:
    beat = read("/app/beat.txt").split()
    if len(beat) == 2:
        (beats if beat[0] == pid else others).add(beat[1])
    if time.monotonic() > end:
        if len(others) > 2:
            fail("/app/worker.pid: is not the process id of the running worker.sh")
        fail("/app/beat.txt: does not change, worker.sh is not running")
    time.sleep(0.2)

print("OK")
