#!/usr/bin/env python3
import os
import re
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


def number(path, want):
    got = read(path).strip()
    if not got:
        fail(f"{path}: is empty")
    if not re.fullmatch(r"[0-9]+", got):
        fail(f"{path}: expected only one number")
    if int(got) != want:
        fail(f"{path}: wrong number: {got[:20]}")


def git(*args):
    p = subprocess.run(["git", "-c", "safe.directory=*", "-C", "/app/repo", *args],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if p.returncode:
        fail(f"git {args[0]} failed in /app/repo")
    return p.stdout.strip()


number("/app/commits.txt", 13)
if git("rev-parse", "refs/heads/main") != "f761bb0356ce4ad02443463ff8cc4841bea59dbb":
    fail("/app/repo: the branch main was changed")

print("OK")
