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


WANT = {
    'IMG_001.jpg': 'beach 1\n',
    'beach day.jpg': 'beach 2\n',
    'trip/IMG_002.jpg': 'trip 2\n',
    'trip/old/dog.jpg': 'dog\n',
    'trip/old/first walk.jpg': 'walk\n',
    'trip/cat.jpg': 'cat\n',
    'trip/notes.txt': 'list of places\n',
    'trip/jpeg-list.txt': 'IMG_001.JPG\ndog.JPEG\n',
    'trip/cat.jpeg.bak': 'old cat\n',
    'scan.PNG': 'scan\n',
}

same_tree("/app/photos", WANT)

print("OK")
