#!/usr/bin/env python3
import os
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


RELEASES = {
    'v1.2.0/VERSION': 'v1.2.0\n',
    'v1.8.12/VERSION': 'v1.8.12\n',
    'v1.9.3/VERSION': 'v1.9.3\n',
    'v1.10.1/VERSION': 'v1.10.1\n',
}

for folder in sorted({os.path.dirname(name) for name in RELEASES}):
    path = "/app/releases/" + folder
    if os.path.islink(path) or not os.path.isdir(path):
        fail(f"{path}: this release folder is gone")
    extra = sorted(set(os.listdir(path)) - {"VERSION"})
    if extra:
        fail(f"{path}: unexpected entry {extra[0]!r} was created in the release")
same_tree("/app/releases", RELEASES)
for link, target in (("/app/previous", "releases/v1.8.12"), ("/app/current", "releases/v1.10.1")):
    if not os.path.islink(link):
        fail(f"{link}: is not a symbolic link")
    got = os.readlink(link)
    if got.startswith("/"):
        fail(f"{link}: target is not relative: {got!r}")
    if os.path.normpath(got) != target:
        fail(f"{link}: points to the wrong target: {got!r}")

print("OK")
