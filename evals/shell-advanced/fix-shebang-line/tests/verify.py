#!/usr/bin/env python3
import os
import stat
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


def mode(path, want):
    if not os.path.exists(path):
        fail(f"{path}: missing")
    got = stat.S_IMODE(os.stat(path).st_mode)
    if got != want:
        fail(f"{path}: mode is {got:o}, expected {want:o}")


def run(*args):
    try:
        return subprocess.run(list(args), capture_output=True, text=True, errors="replace",
                              timeout=15, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        fail("the program did not end within 15 s")
    except OSError as error:
        fail(f"{args[0]}: cannot be run: {error.strerror}")


got = read("/app/hello.sh").rstrip().split("\n")
if got[0].rstrip() != "#!/bin/bash":
    fail(f"/app/hello.sh: the first line is {got[0][:60]!r}")
if got[1:] != ['# Prints a greeting for every name.', 'for name in "$@"; do', '    echo "Hello, $name"', 'done']:
    fail("/app/hello.sh: other lines than the first were changed")
mode("/app/hello.sh", 0o755)
result = run("/app/hello.sh", "Ada", "Ben Lee")
if result.returncode or result.stdout != "Hello, Ada\nHello, Ben Lee\n":
    fail("/app/hello.sh: wrong output or exit code")

print("OK")
