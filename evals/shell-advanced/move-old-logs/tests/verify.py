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


STAY = {
    'auth.log': 'content of auth.log\n',
    'mailer.log': 'content of mailer.log\n',
    'report-2023.log': 'content of report-2023.log\n',
    'search.log': 'content of search.log\n',
    'rotate.conf': 'content of rotate.conf\n',
    'README': 'content of README\n',
}
MOVED = {
    'api.log': 'content of api.log\n',
    'billing.log': 'content of billing.log\n',
    'cron.log': 'content of cron.log\n',
    'report-2024.log': 'content of report-2024.log\n',
    'worker.log': 'content of worker.log\n',
    'access log.log': 'content of access log.log\n',
}

same_tree("/app/archive", MOVED)
same_tree("/app/logs", STAY)

print("OK")
