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


def run(*args, **options):
    try:
        return subprocess.run(list(args), capture_output=True, text=True, errors="replace",
                              timeout=15, stdin=subprocess.DEVNULL, **options)
    except subprocess.TimeoutExpired:
        fail("the script did not end within 15 s")


CASES = [
    ([9, 10, 100], "min=9 max=100"),
    ([5], "min=5 max=5"),
    ([250, 31, 4, 1000, 77], "min=4 max=1000"),
    ([-3, -20, -100], "min=-100 max=-3"),
    ([-15, 0, 8, -2], "min=-15 max=8"),
    ([123456789, 98765432], "min=98765432 max=123456789"),
]

read("/app/minmax.sh")
for numbers, want in CASES:
    words = [str(n) for n in numbers]
    result = run("bash", "/app/minmax.sh", *words)
    if result.stdout.strip() != want:
        fail(f"minmax.sh {' '.join(words)}: wrong output: {result.stdout.strip()[:60]!r}")
result = run("bash", "/app/minmax.sh")
if result.returncode != 2:
    fail(f"minmax.sh without arguments: exit code {result.returncode}, expected 2")
if "usage" not in result.stderr:
    fail("minmax.sh without arguments: no usage line on the standard error")

print("OK")
