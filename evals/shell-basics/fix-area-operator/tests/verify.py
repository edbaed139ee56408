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


TEST = "import sys; sys.path.insert(0, '/app'); from area import *; a, b = map(int, sys.argv[1:]); print(area(a, b), perimeter(a, b))"

read("/app/area.py")
for a, b in [(3, 4), (2, 9), (7, 1), (12, 12)]:
    result = run(sys.executable, "-B", "-c", TEST, str(a), str(b))
    if result.returncode:
        fail("/app/area.py: cannot be loaded or a function fails: " + (result.stderr.strip().split("\n") or [""])[-1][:80])
    got = result.stdout.split()
    if got[:1] != [str(a * b)]:
        fail(f"area({a}, {b}): wrong result {got[:1]}")
    if got[1:] != [str(2 * (a + b))]:
        fail(f"perimeter({a}, {b}): wrong result {got[1:]}")

print("OK")
