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
    p = subprocess.run(["git", "-c", "safe.directory=*", "-C", "/app/repo", *args],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if p.returncode:
        fail(f"git {args[0]} failed in /app/repo")
    return p.stdout.strip()


got = read("/app/author.txt").strip()
if not got:
    fail("/app/author.txt: is empty")
if "\n" in got:
    fail("/app/author.txt: expected one line")
if "@" in got:
    fail("/app/author.txt: expected only the name, without the mail address")
if got != "Lin Marsh":
    fail(f"/app/author.txt: wrong name: {got[:60]!r}")
if git("rev-parse", "refs/heads/main") != "c4e129c7e8029088eb959d5f4b8f016acba6b932":
    fail("/app/repo: the branch main was changed")

print("OK")
