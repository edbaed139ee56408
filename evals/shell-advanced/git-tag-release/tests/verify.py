import subprocess
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


def git(*args, ok=False):
    p = subprocess.run(["git", "-c", "safe.directory=*", "-C", "/app/repo", *args],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if ok:
        return p.returncode == 0
    if p.returncode:
        fail(f"git {args[0]} failed in /app/repo")
    return p.stdout.strip()


if git("rev-parse", "main") != "f618a9affb182b37b770413ad4d8b18dca4a9ac5":
    fail("/app/repo: the branch main was changed")
if "v1.2.0" not in git("tag", "--list").split():
    fail("/app/repo: there is no tag v1.2.0")
if git("cat-file", "-t", "refs/tags/v1.2.0") != "tag":
    fail("/app/repo: v1.2.0 is not an annotated tag")
if git("rev-parse", "refs/tags/v1.2.0^{commit}") != "4737b3b0bda7c152aeedf57ed02bdf0e1d59514c":
    fail("/app/repo: v1.2.0 points to the wrong commit")
if git("for-each-ref", "--format=%(contents)", "refs/tags/v1.2.0") != "Release 1.2.0":
    fail("/app/repo: v1.2.0 has the wrong message")
if git("rev-parse", "refs/tags/v1.1.0") != "f48b77a304b77d3d1c240fa1e2e4b2205fea0f86":
    fail("/app/repo: the tag v1.1.0 was changed")
print("OK")
