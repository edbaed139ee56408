import re
import subprocess
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


def read(path):
    try:
        with open(path, encoding="utf-8") as f:
            return f.read()
    except FileNotFoundError:
        fail(f"{path}: no such file")
    except (OSError, UnicodeDecodeError) as e:
        fail(f"{path}: cannot be read as text: {type(e).__name__}")


def lines(path):
    text = read(path).strip()
    if not text:
        fail(f"{path}: the file is empty")
    return [line.rstrip() for line in text.split("\n")]


def git(*args, ok=False):
    p = subprocess.run(["git", "-c", "safe.directory=*", "-C", "/app/repo", *args],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if ok:
        return p.returncode == 0
    if p.returncode:
        fail(f"git {args[0]} failed in /app/repo")
    return p.stdout.strip()


got = lines("/app/bad.txt")
if len(got) != 1:
    fail(f"/app/bad.txt: expected one line, found {len(got)}")
if not re.fullmatch("[0-9a-f]{40}", got[0].strip()):
    fail("/app/bad.txt: not a full hash of 40 characters")
if got[0].strip() != "1563fc6890de75a73c8d669e6558f66662e57811":
    fail("/app/bad.txt: not the first bad commit")
if git("rev-parse", "main") != "d03ca021004647af32ceb8f9f05b066c89f2854f":
    fail("/app/repo: the branch main was changed")
print("OK")
