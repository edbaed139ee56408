#!/usr/bin/env python3
import subprocess
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


def git(*args):
    p = subprocess.run(["git", "-c", "safe.directory=*", "-C", "/app", *args],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if p.returncode:
        fail(f"git {args[0]} failed in /app")
    return p.stdout.strip()


if git("for-each-ref", "--format=%(refname:short)", "refs/heads/old-menu"):
    fail("/app: the branch old-menu is still there")
if git("rev-parse", "refs/heads/main") != "b4242238f8f8139de5b85340b27a1a771c825545":
    fail("/app: the branch main was changed")
if git("rev-parse", "--abbrev-ref", "HEAD") != "main":
    fail("/app: the branch main is not checked out")
if git("status", "--porcelain", "--untracked-files=no"):
    fail("/app: files of the repository were changed")

print("OK")
