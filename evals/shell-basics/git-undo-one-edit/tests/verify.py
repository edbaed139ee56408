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


if git("rev-parse", "HEAD") != "6397c423e45e3e21410feff5e42044759e70f226":
    fail("/app: there is a new commit, but nothing should be committed")
if read("/app/hours.txt") != "Mon 9-18\nTue 9-18\nSat closed\n":
    fail("/app/hours.txt: the changes were lost")
if read("/app/menu.txt") != "soup\nrice\nplum cake\n":
    fail("/app/menu.txt: is not as in the last commit")
if git("diff", "HEAD", "--name-only") != "hours.txt":
    fail("/app: hours.txt should be the only changed file")

print("OK")
