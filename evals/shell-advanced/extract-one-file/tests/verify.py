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


if not os.path.isfile("/app/backup.tar.gz"):
    fail("/app/backup.tar.gz: the archive is missing")
if read("/app/conf/app.ini") != "backup of conf/app.ini\n":
    fail("/app/conf/app.ini: wrong content")
for name in ['README', 'conf/mail.ini', 'conf/app.ini.old', 'data/users.db', 'run.py']:
    if os.path.exists("/app/" + name):
        fail(f"/app/{name}: should not be unpacked")

print("OK")
