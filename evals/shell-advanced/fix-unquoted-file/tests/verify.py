#!/usr/bin/env python3
import os
import subprocess
import sys
import tempfile


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


read("/app/show.sh")
with tempfile.TemporaryDirectory() as folder:
    for name, text in [("plain.txt", "alpha 1"), ("my notes.txt", "beta 22"), ("a  b c.txt", "gamma 333")]:
        path = os.path.join(folder, name)
        with open(path, "w") as f:
            f.write(text + "\nsecond line\n")
        result = run("bash", "/app/show.sh", path)
        if result.returncode:
            fail(f"show.sh with the file {name!r}: ended with exit code {result.returncode}")
        if result.stdout.strip() != text:
            fail(f"show.sh with the file {name!r}: wrong output {result.stdout.strip()[:60]!r}")

print("OK")
