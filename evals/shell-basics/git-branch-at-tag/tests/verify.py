#!/usr/bin/env python3
import subprocess
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


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


branches = git("for-each-ref", "--format=%(refname:short)", "refs/heads").split()
if "hotfix" not in branches:
    fail("/app/repo: there is no branch hotfix")
if git("rev-parse", "refs/heads/hotfix") != "7b178002c5e94228527dd535d727f4abbfcd2dd1":
    fail("/app/repo: the branch hotfix is not at the commit of v1.0")
if git("rev-parse", "refs/heads/main") != "4e719b2f692ef269de2fe5506dba23396ca5c6ea":
    fail("/app/repo: the branch main was changed")
if git("rev-parse", "refs/tags/v1.0") != "7b178002c5e94228527dd535d727f4abbfcd2dd1":
    fail("/app/repo: the tag v1.0 was changed")
if git("rev-parse", "--abbrev-ref", "HEAD") != "main":
    fail("/app/repo: the branch main is not checked out")

print("OK")
