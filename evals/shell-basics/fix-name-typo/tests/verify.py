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


read("/app/greet.py")
for name in ["Ada", "Linus", "Grace Hopper"]:
    result = run(sys.executable, "/app/greet.py", name)
    if result.returncode:
        fail(f"greet.py {name}: ended with an error: " + (result.stderr.strip().split("\n") or [""])[-1][:80])
    if result.stdout.strip() != f"Hello, {name}!":
        fail(f"greet.py {name}: wrong output {result.stdout.strip()[:60]!r}")
result = run(sys.executable, "/app/greet.py")
if result.returncode != 2 or "usage" not in result.stdout + result.stderr:
    fail("greet.py without arguments: the usage line or the exit code 2 is missing")

print("OK")
