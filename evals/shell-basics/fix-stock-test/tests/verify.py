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


def lines(path):
    """Lines of the file, without spaces at the ends of lines and empty lines at the end."""
    got = [line.rstrip() for line in read(path).rstrip().split("\n")]
    if got == [""]:
        fail(f"{path}: is empty")
    return got


def run(*args):
    try:
        return subprocess.run(list(args), capture_output=True, text=True, errors="replace",
                              timeout=15, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        fail("the program did not end within 15 s")
    except OSError as error:
        fail(f"{args[0]}: cannot be run: {error.strerror}")


OTHERS = [
    '#!/bin/bash',
    '# Says whether there is enough in stock: more than 10 pieces.',
    'count=$1',
    '    echo "enough"',
    'else',
    '    echo "order more"',
    'fi',
]

got = lines("/app/stock.sh")
if got[:3] + got[4:] != OTHERS:
    fail("/app/stock.sh: another line than line 4 was changed")
for count, want in [("3", "order more"), ("10", "order more"), ("11", "enough"), ("200", "enough"), ("9", "order more")]:
    result = run("bash", "/app/stock.sh", count)
    if result.returncode:
        fail(f"stock.sh {count}: ended with exit code {result.returncode}")
    if result.stdout.strip() != want:
        fail(f"stock.sh {count}: wrong output {result.stdout.strip()[:60]!r}")

print("OK")
