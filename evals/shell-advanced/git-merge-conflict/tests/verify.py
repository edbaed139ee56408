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
text = read("/app/repo/settings.ini")
if "<<<<" in text or ">>>>" in text or "====" in text:
    fail("/app/repo/settings.ini: there are conflict markers")
parents = git("log", "-1", "--format=%P", "main").split()
if len(parents) != 2:
    fail("/app/repo: the last commit of main is not a merge commit")
if parents != ["079f82814669834914819da2b667d43260ffc0fb", "0a2e89cbb731373e871da1e518284201aafb7feb"]:
    fail("/app/repo: the merge commit has the wrong parents")
expected = "[client]\nname = probe\ntimeout = 30\nretries = 5\nverify = true"
if git("show", "main:settings.ini") != expected:
    fail("/app/repo/settings.ini: the committed file does not have the expected lines")
if git("ls-tree", "--name-only", "main").split() != ["README.md", "RETRIES.txt", "settings.ini"]:
    fail("/app/repo: the merge commit does not hold the three expected files")
if git("show", "main:README.md") != "# Probe\n\nSee settings.ini." or git("show", "main:RETRIES.txt") != "Retries are counted per host.":
    fail("/app/repo: the merge commit lost a change of README.md or RETRIES.txt")
if git("status", "--porcelain"):
    fail("/app/repo: there are uncommitted changes or untracked files")
print("OK")
