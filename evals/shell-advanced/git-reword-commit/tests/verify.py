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


def git(*args, ok=False):
    p = subprocess.run(["git", "-c", "safe.directory=*", "-C", "/app/repo", *args],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if ok:
        return p.returncode == 0
    if p.returncode:
        fail(f"git {args[0]} failed in /app/repo")
    return p.stdout.strip()


if git("rev-parse", "--abbrev-ref", "HEAD") != "main":
    fail("/app/repo: main is not the current branch")
message = git("log", "-1", "--format=%B")
if git("rev-parse", "HEAD^") != "15331b6553af962cf24217a3fce3f9f5fc7bb8e7":
    fail("/app/repo: the last commit has the wrong parent, or there is a further commit")
if message != "Add retry to upload client":
    fail("/app/repo: the last commit has the wrong message")
if git("rev-parse", "HEAD^{tree}") != "6fbbea3fc2f7b35de0e00d0f68fe7288eecf26fa":
    fail("/app/repo: the content of the last commit was changed")
if read("/app/repo/notes.txt") != "ideas\n- test with large files\n":
    fail("/app/repo/notes.txt: the uncommitted change was lost")
print("OK")
