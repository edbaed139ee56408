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


tags = git("tag", "--list").split()
if "v1.0" not in tags:
    fail("/app: there is no tag v1.0")
if git("rev-parse", "refs/tags/v1.0^{commit}") != "7a8f02406003baec15e9ffcdcc51ac83e0d01c02":
    fail("/app: the tag v1.0 is on the wrong commit")
if git("rev-parse", "refs/heads/main") != "aa8acf050b36202bc09529798c925141ae3f6f89":
    fail("/app: the branch main was changed")

print("OK")
