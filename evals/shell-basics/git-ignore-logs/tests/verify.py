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


BASE = "a794ed62776d2e9d3a6b19e5eec2d84aa13b7016"

if git("rev-parse", "refs/heads/main") == BASE:
    fail("/app: there is no new commit on main")
if git("rev-parse", "refs/heads/main^") != BASE:
    fail("/app: the parent of the newest commit on main is wrong")
if git("diff", "--name-status", BASE, "main").split() != ["M", ".gitignore"]:
    fail("/app: the commit must change the file .gitignore and no other file")
if git("show", "main:.gitignore").split("\n") != ["__pycache__/", "*.pyc", "*.log"]:
    fail("/app: .gitignore has the wrong lines in the commit")
if git("log", "-1", "--format=%B", "main") != "Ignore log files":
    fail("/app: the newest commit on main has the wrong message")

print("OK")
