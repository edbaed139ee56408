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


read("/app/size.sh")
for n in [5, 101, 100, 99, 2000, 1, 650]:
    result = run("bash", "/app/size.sh", str(n))
    if result.returncode:
        fail(f"size.sh {n}: ended with exit code {result.returncode}")
    want = "big" if n > 100 else "small"
    if result.stdout.strip() != want:
        fail(f"size.sh {n}: wrong output {result.stdout.strip()[:60]!r}")

print("OK")
