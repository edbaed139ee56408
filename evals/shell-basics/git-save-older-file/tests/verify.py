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


def git(*args):
    p = subprocess.run(["git", "-c", "safe.directory=*", "-C", "/app", *args],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if p.returncode:
        fail(f"git {args[0]} failed in /app")
    return p.stdout.strip()


if git("rev-parse", "HEAD") != "58a1379d45b10af94ee22e72f3e774eb6f96c446":
    fail("/app: another commit is checked out, or there is a new one")
if read("/app/prices.txt") != "bread 3\nmilk 2\ncheese 9\nhoney 8\n":
    fail("/app/prices.txt: the file was changed")
got = read("/app/old-prices.txt")
if got.rstrip("\n") == "bread 2\nmilk 1":
    fail("/app/old-prices.txt: this version is too old")
if got.rstrip("\n") != "bread 2\nmilk 1\ncheese 7":
    fail("/app/old-prices.txt: wrong content")

print("OK")
