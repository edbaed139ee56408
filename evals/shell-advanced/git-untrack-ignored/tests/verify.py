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


for path, content in (("build/app.bin", "binary v1\n"), ("build/report.txt", "sizes: 12 kB\n"), ("debug.log", "started\nstopped\n")):
    if read("/app/repo/" + path) != content:
        fail(f"/app/repo/{path}: the file was changed")
if git("rev-parse", "--abbrev-ref", "HEAD") != "main":
    fail("/app/repo: main is not the current branch")
if not git("merge-base", "--is-ancestor", "1c75095737394ad3a5ea92cb4fa96c03a902ea6a", "main", ok=True):
    fail("/app/repo: the history was rewritten")
tracked = git("ls-tree", "-r", "--name-only", "main").split("\n")
if ".gitignore" not in tracked:
    fail("/app/repo: .gitignore is not committed")
if any(p.startswith("build/") or p.endswith(".log") for p in tracked):
    fail("/app/repo: the last commit still holds build/ or debug.log")
if "README.md" not in tracked or "src/app.py" not in tracked:
    fail("/app/repo: README.md or src/app.py is not tracked any more")
for path in ("build/new.o", "debug.log", "other.log", "src/run.log"):
    if not git("check-ignore", "-q", path, ok=True):
        fail(f"/app/repo: {path} would not be ignored")
for path in ("src/new.py", "catalog", "notes.txt"):
    if git("check-ignore", "-q", path, ok=True):
        fail(f"/app/repo: {path} would be ignored, but should not")
if git("status", "--porcelain"):
    fail("/app/repo: git status still shows changes")
print("OK")
