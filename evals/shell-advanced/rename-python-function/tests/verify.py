#!/usr/bin/env python3
import os
import re
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
    'store.py': '"""In-memory store."""\n\nUSERS = {1: "Ada", 2: "Linus"}\n\n\ndef fetch_user(number):\n    return USERS.get(number)\n\n\ndef get_user_name(number):\n    user = fetch_user(number)\n    return user or "unknown"\n',
    'web/views.py': 'from store import fetch_user, get_user_name\n\n\ndef show(number):\n    # fetch_user returns None for unknown numbers\n    if fetch_user(number) is None:\n        return "404"\n    return get_user_name(number)\n',
    'web/cache.py': 'import store\n\n_cached = {}\n\n\ndef forget_user(number):\n    _cached.pop(number, None)\n\n\ndef lookup(number):\n    if number not in _cached:\n        _cached[number] = store.fetch_user(number)\n    return _cached[number]\n',
    'tools/list_users.py': 'import store\n\nfor number in store.USERS:\n    print(number, store.fetch_user(number), store.get_user_name(number))\n',
    'README.md': '# Store\n\n`get_user` returns the user with a number.\n',
    'tools/history.txt': '2023-05-01 added get_user\n',
}

got = tree("/app/src")
for name, text in sorted(got.items()):
    if name.endswith(".py") and re.search(r"\bget_user\b", text):
        fail(f"/app/src: {name} still uses get_user")
    if re.search(r"fetch_user_name|forfetch_user", text):
        fail(f"/app/src: {name}: a longer name was changed too")
same_tree("/app/src", WANT)

print("OK")
