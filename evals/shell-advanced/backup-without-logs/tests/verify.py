#!/usr/bin/env python3
import os
import sys
import tarfile


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
    'README.md': '# demo\n',
    'src/main.py': 'import util\nutil.hello()\n',
    'src/util.py': "def hello():\n    print('hello')\n",
    'src/cache_helper.py': 'LIMIT = 10\n',
    'docs/logs-howto.md': 'where the logs are\n',
    'docs/.settings': 'theme=dark\n',
    'data/catalog.csv': 'id,name\n1,bolt\n',
}
LEFT_OUT = {
    'run.log': 'started\n',
    'src/debug.log': 'x=1\n',
    'data/import.2024.log': '1 row\n',
    'cache/index.bin': 'cached\n',
    'cache/pages/1.html': '<p>\n',
    'docs/cache/search.idx': 'idx\n',
}
ARCHIVE = "/app/backup.tar.gz"

same_tree("/app/project", {**WANT, **LEFT_OUT})
if not os.path.isfile(ARCHIVE):
    fail(f"{ARCHIVE}: missing (expected a file)")
got = {}
try:
    with tarfile.open(ARCHIVE, "r:gz") as archive:
        for member in archive:
            if member.isfile():
                got[member.name] = archive.extractfile(member).read().decode("utf-8", "replace")
except (tarfile.TarError, OSError, EOFError):
    fail(f"{ARCHIVE}: is not a readable gzip-compressed tar archive")
for name in sorted(got):
    if not name.startswith("project/"):
        fail(f"{ARCHIVE}: path does not start with project/: {name!r}")
    if name[len("project/"):] in LEFT_OUT:
        fail(f"{ARCHIVE}: {name!r} should have been left out")
for name, text in WANT.items():
    if "project/" + name not in got:
        fail(f"{ARCHIVE}: 'project/{name}' is missing")
    if got["project/" + name] != text:
        fail(f"{ARCHIVE}: 'project/{name}' has wrong content")
for name in sorted(got):
    if name[len("project/"):] not in WANT:
        fail(f"{ARCHIVE}: unexpected file {name!r}")

print("OK")
