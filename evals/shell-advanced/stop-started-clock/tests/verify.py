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


unchanged("/app/start.sh", "99d6dc7b347baa622f41a02a62d9250a21681c2fb26c70ea68fd7566cac99e2c")
unchanged("/app/clock.sh", "24a72d1acd568e23781657f08da461d16ce997b197e7a8e5b3ce1677b7072ebe")
pid = read("/app/clock.pid").strip()
if not re.fullmatch(r"[0-9]+", pid):
    fail("/app/clock.pid: expected only one number")
if f"started as process {pid}\ntick 1\n" not in read("/app/clock.log"):
    fail("/app/clock.log: start.sh was not run")
for folder in os.listdir("/proc"):
    try:
        with open(f"/proc/{folder}/cmdline", "rb") as f:
            command = f.read()
    except OSError:
        continue
    if b"/app/clock.sh" in command.split(b"\0"):
        fail("clock.sh is still running")
before = read("/app/clock.log")
time.sleep(1.5)
if read("/app/clock.log") != before:
    fail("/app/clock.log: new lines come in, clock.sh is still running")

print("OK")
