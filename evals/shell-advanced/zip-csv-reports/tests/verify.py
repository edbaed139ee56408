#!/usr/bin/env python3
import os
import sys
import zipfile


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


WANT = {
    'summary.csv': 'month,total\n1,100\n2,140\n',
    '2023/q4.csv': 'a,b\n1,2\n',
    '2024/q1.csv': 'a,b\n3,4\n',
    '2024/drafts/q2.csv': 'a,b\n5,6\n',
    '2024/q1 notes.csv': 'note\nok\n',
}
OTHER = {
    'readme.txt': 'reports\n',
    '2024/q1.csv.bak': 'a,b\n0,0\n',
    '2023/csv.txt': 'not a table\n',
}
ARCHIVE = "/app/reports.zip"

same_tree("/app/reports", {**WANT, **OTHER})
if not os.path.isfile(ARCHIVE):
    fail(f"{ARCHIVE}: missing (expected a file)")
try:
    with zipfile.ZipFile(ARCHIVE) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        got = {name: archive.read(name).decode("utf-8", "replace") for name in names}
except (zipfile.BadZipFile, OSError, EOFError):
    fail(f"{ARCHIVE}: is not a readable zip file")
for name in sorted(got):
    if name not in WANT:
        fail(f"{ARCHIVE}: unexpected name {name!r}")
if len(names) != len(got):
    fail(f"{ARCHIVE}: a file is in it twice")
for name, text in WANT.items():
    if name not in got:
        fail(f"{ARCHIVE}: {name!r} is missing")
    if got[name] != text:
        fail(f"{ARCHIVE}: {name!r} has wrong content")

print("OK")
