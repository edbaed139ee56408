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


if git("rev-parse", "HEAD") == "59141d6079cb2959d248165045d2039a5ffe8544":
    fail("/app: there is no new commit")
if git("rev-list", "--count", "main") != "3" or git("rev-parse", "main~1") != "59141d6079cb2959d248165045d2039a5ffe8544":
    fail("/app: main does not have exactly one new commit")
if git("log", "-1", "--format=%B", "main") != "Explain the start":
    fail("/app: the new commit has the wrong message")
changed = git("diff", "--name-only", "main~1", "main").split()
if "app.py" in changed:
    fail("/app: app.py was committed too")
if changed != ["README.md"] or git("show", "main:README.md") != "# Clock\n\nStart it with python3 app.py":
    fail("/app: the new commit does not have the change of README.md")
if read("/app/app.py") != 'print("12:00")\nprint("tick")\n':
    fail("/app/app.py: the change in the file was lost")

print("OK")
