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


def git(*args):
    p = subprocess.run(["git", "-c", "safe.directory=*", "-C", "/app", *args],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if p.returncode:
        fail(f"git {args[0]} failed in /app")
    return p.stdout.strip()


if git("rev-parse", "HEAD") != "71d94d20cfffe137091b191e116548dcf894900b":
    fail("/app: there is a new commit, but nothing should be committed")
staged = git("diff", "--cached", "--name-only").split()
if "token.env" in staged:
    fail("/app: token.env is still staged")
if sorted(staged) != ["README.md", "mail.py"]:
    fail(f"/app: these files are staged: {staged}")
if git("show", ":mail.py") != 'print("mail 2")' or git("show", ":README.md") != "# Mail\n\nSends mails.":
    fail("/app: the staged content of mail.py or README.md was changed")
if read("/app/token.env") != "TOKEN=4711\n":
    fail("/app/token.env: content was changed")

print("OK")
