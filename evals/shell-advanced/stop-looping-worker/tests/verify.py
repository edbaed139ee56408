#!/usr/bin/env python3
import hashlib
import os
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


unchanged("/app/start.sh", "e7a12db8cb1ce77bb88517d6c0fdc1757e5e555082f3e31b239af31e9ea70f72")
unchanged("/app/worker.sh", "500821a72ec41de75fa077977b0c5e1bbd1466665f465ef48806e33e00df3ced")
first = read("/app/run/progress.txt")
time.sleep(2.5)
text = read("/app/run/progress.txt")
if text != first:
    fail("the worker is still running: progress.txt is growing")
lines = text.splitlines()
if lines != [f"step {n}" for n in range(1, len(lines) + 1)]:
    fail("/app/run/progress.txt: not the steps of one worker in order")
if len(lines) < 8:
    fail("/app/run/progress.txt: the worker was stopped before 8 lines were there")
if os.path.lexists("/app/run/worker.pid"):
    fail("/app/run/worker.pid: is still there")
steps = read("/app/steps.txt").strip()
if not steps.isdigit():
    fail("/app/steps.txt: expected only one number")
if int(steps) != len(lines):
    fail("/app/steps.txt: is not the number of lines of progress.txt")

print("OK")
