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


if git("rev-parse", "refs/heads/main") == "5bdf758f285e4ce0dda61aee5423f19ecf434693":
    fail("/app/repo: there is no new commit on main")
if git("rev-parse", "refs/heads/main^") != "5bdf758f285e4ce0dda61aee5423f19ecf434693":
    fail("/app/repo: the parent of the newest commit on main is wrong")
if git("log", "-1", "--format=%B", "main") != "Add list of changes":
    fail("/app/repo: the newest commit on main has the wrong message")
if git("diff", "--name-status", "5bdf758f285e4ce0dda61aee5423f19ecf434693", "main").split() != ["A", "CHANGES.md"]:
    fail("/app/repo: the commit must add only the file CHANGES.md")
if git("show", "main:CHANGES.md") != "# Changes\n\n- 1.4: faster start\n- 1.3: new icons":
    fail("/app/repo: CHANGES.md has the wrong content in the commit")

print("OK")
