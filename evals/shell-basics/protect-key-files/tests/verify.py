#!/usr/bin/env python3
import os
import stat
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


FILES = {
    'server.key': 'KEY A\n',
    'server.pub': 'PUB A\n',
    'client/client.key': 'KEY B\n',
    'client/client.pub': 'PUB B\n',
    'client/old/legacy.key': 'KEY C\n',
    'client/old/legacy.pub': 'PUB C\n',
    'config': 'user=deploy\n',
    'client/README': 'keys of the clients\n',
}
MODES = {
    'server.key': '600',
    'server.pub': '644',
    'client/client.key': '600',
    'client/client.pub': '644',
    'client/old/legacy.key': '600',
    'client/old/legacy.pub': '644',
    'config': '640',
    'client/README': '664',
}

for folder in ("/app/keys", "/app/keys/client", "/app/keys/client/old"):
    if not os.path.isdir(folder):
        fail(f"{folder}: missing (expected a folder)")
    mode = stat.S_IMODE(os.stat(folder).st_mode)
    if mode != 0o700:
        fail(f"{folder}: mode is {mode:o}, expected 700")
for name, want in MODES.items():
    path = "/app/keys/" + name
    if read(path) != FILES[name]:
        fail(f"{path}: content was changed")
    mode = f"{stat.S_IMODE(os.stat(path).st_mode):o}"
    if mode != want:
        fail(f"{path}: mode is {mode}, expected {want}")

print("OK")
