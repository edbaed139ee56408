#!/usr/bin/env python3
import subprocess
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


def git(*args):
    p = subprocess.run(["git", "-c", "safe.directory=*", "-C", "/app/repo", *args],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if p.returncode:
        fail(f"git {args[0]} failed in /app/repo")
    return p.stdout.strip()


branches = git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
if "feature-login" not in branches:
    fail("/app/repo: there is no branch feature-login")
if "feature-lgoin" in branches:
    fail("/app/repo: the branch feature-lgoin is still there")
if git("rev-parse", "refs/heads/feature-login") != "a16a0153f7e4db96cd4c249b29d51c6586970b86":
    fail("/app/repo: feature-login points to the wrong commit")
if git("rev-parse", "refs/heads/main") != "4c0eba3e71ec632f0605ef1f4be6b0381114d2cf":
    fail("/app/repo: the branch main was changed")

print("OK")
