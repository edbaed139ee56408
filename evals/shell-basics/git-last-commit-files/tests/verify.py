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


def same_lines(path, want):
    got = lines(path)
    if len(got) != len(want):
        fail(f"{path}: expected {len(want)} lines, found {len(got)}")
    for n, (a, b) in enumerate(zip(got, want), 1):
        if a != b:
            fail(f"{path}: line {n} is wrong: {a[:60]!r}")


def git(*args):
    p = subprocess.run(["git", "-c", "safe.directory=*", "-C", "/app/repo", *args],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if p.returncode:
        fail(f"git {args[0]} failed in /app/repo")
    return p.stdout.strip()


WANT = ["README.md", "conf/app.ini", "src/cart.py", "src/price.py"]

same_lines("/app/changed.txt", WANT)
if git("rev-parse", "refs/heads/main") != "46f8a3a839fa517b7f050d89222d4c4c2b3c59d9":
    fail("/app/repo: the branch main was changed")

print("OK")
