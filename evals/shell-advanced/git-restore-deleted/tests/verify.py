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


expected = '''# Setup

Run install.sh as root.
Then edit /etc/toolbox.conf.
Set the key cache_dir to a directory with 2 GB of free space.
'''
if not git("merge-base", "--is-ancestor", "617a6f6cf581483b72692c20e7a84f541432b374", "HEAD", ok=True):
    fail("/app/repo: the history was rewritten")
got = read("/app/repo/docs/setup.md")
if got.strip() != expected.strip():
    fail("/app/repo/docs/setup.md: not the content from just before the deletion")
if read("/app/repo/README.md") != "# Toolbox\n\nSmall helpers for the shell.\n":
    fail("/app/repo/README.md: the file was changed")
if read("/app/repo/docs/usage.md") != "# Usage\n\nRun toolbox --help.\nExit codes: 0 good, 1 bad, 2 usage error.\n":
    fail("/app/repo/docs/usage.md: the file was changed")
print("OK")
