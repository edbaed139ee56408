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


TEST = "import sys; sys.path.insert(0, '/app'); from tickets import price; print(price(int(sys.argv[1])))"

read("/app/tickets.py")
for age, want in [(65, 7), (64, 12), (66, 7), (90, 7), (13, 5), (14, 12), (30, 12)]:
    result = run(sys.executable, "-B", "-c", TEST, str(age))
    if result.returncode:
        fail("/app/tickets.py: cannot be loaded or price fails: " + (result.stderr.strip().split("\n") or [""])[-1][:80])
    if result.stdout.split() != [str(want)]:
        fail(f"price({age}): wrong result {result.stdout.strip()[:60]!r}")

print("OK")
