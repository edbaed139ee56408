#!/usr/bin/env python3
import os
import subprocess
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


def run(*args):
    try:
        return subprocess.run(list(args), capture_output=True, text=True, errors="replace",
                              timeout=15, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        fail("the program did not end within 15 s")
    except OSError as error:
        fail(f"{args[0]}: cannot be run: {error.strerror}")


got = [line.rstrip() for line in read("/app/countdown.sh").rstrip().split("\n")]
if got[:3] != ['#!/bin/bash', 'for n in 3 2 1; do', '    echo "$n"']:
    fail("/app/countdown.sh: the lines before line 4 were changed")
result = run("bash", "/app/countdown.sh")
if result.returncode:
    fail("bash /app/countdown.sh fails: " + (result.stderr.strip().split("\n") or [""])[-1][:80])
if result.stdout != "3\n2\n1\nwe are done\n":
    fail(f"bash /app/countdown.sh: wrong output {result.stdout[:60]!r}")

print("OK")
