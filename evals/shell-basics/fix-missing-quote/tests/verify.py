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


read("/app/welcome.sh")
for name in ["Ada", "Kim", "Ada Byron"]:
    result = run("bash", "/app/welcome.sh", name)
    if result.returncode:
        fail(f"welcome.sh {name}: ended with exit code {result.returncode}")
    if result.stdout.rstrip("\n") != f"Welcome, {name}\nHave a nice day":
        fail(f"welcome.sh {name}: wrong output {result.stdout.strip()[:60]!r}")

print("OK")
