#!/usr/bin/env python3
import os
import shutil
import subprocess
import sys
import tempfile


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


def run(*args, **options):
    try:
        return subprocess.run(list(args), capture_output=True, text=True, errors="replace",
                              timeout=15, stdin=subprocess.DEVNULL, **options)
    except subprocess.TimeoutExpired:
        fail("the script did not end within 15 s")


def tree(top):
    """All files below top: relative path -> content."""
    if not os.path.isdir(top):
        fail(f"{top}: missing (expected a folder)")
    found = {}
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, top)] = read(path)
    return found


def same_tree(top, want):
    got = tree(top)
    for name in sorted(want):
        if name not in got:
            fail(f"{top}: file {name!r} is missing")
    for name in sorted(got):
        if name not in want:
            fail(f"{top}: unexpected file {name!r}")
    for name in sorted(want):
        if got[name] != want[name]:
            fail(f"{top}: file {name!r} has wrong content")


CASES = [
    ("plain names", "src", "dest", {"a.txt": "1\n", "b.txt": "2\n", "c.md": "3\n"}),
    ("file names with spaces", "src", "dest", {"a b.txt": "1\n", "two  spaces.txt": "2\n", "c.txt": "3\n", "d e.md": "4\n"}),
    ("folder names with spaces", "my notes", "my backup", {"x.txt": "7\n", "y z.txt": "8\n"}),
    ("no .txt files", "src", "dest", {"only.md": "1\n"}),
]

read("/app/backup.sh")
for label, source, dest, files in CASES:
    top = tempfile.mkdtemp()
    os.mkdir(os.path.join(top, source))
    for name, text in files.items():
        with open(os.path.join(top, source, name), "w") as f:
            f.write(text)
    result = run("bash", "/app/backup.sh", os.path.join(top, source), os.path.join(top, dest), cwd=top)
    want = {name + ".bak": text for name, text in files.items() if name.endswith(".txt")}
    got = tree(os.path.join(top, dest)) if want or os.path.isdir(os.path.join(top, dest)) else {}
    if got != want:
        fail(f"backup.sh, {label}: wrong files in the destination")
    if result.stdout.strip() != f"copied {len(want)} files":
        fail(f"backup.sh, {label}: wrong output: {result.stdout.strip()[:60]!r}")
    left = tree(os.path.join(top, source))
    if left != files:
        fail(f"backup.sh, {label}: the source folder was changed")
    shutil.rmtree(top)

print("OK")
