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


TEST = "import sys; sys.path.insert(0, '/app'); from total_to import total; print(total(int(sys.argv[1])))"

read("/app/total_to.py")
for n in [4, 1, 10, 57, 0]:
    result = run(sys.executable, "-B", "-c", TEST, str(n))
    if result.returncode:
        fail("/app/total_to.py: cannot be loaded or total fails: " + (result.stderr.strip().split("\n") or [""])[-1][:80])
    if result.stdout.split() != [str(n * (n + 1) // 2)]:
        fail(f"total({n}): wrong result {result.stdout.strip()[:60]!r}")

print("OK")
