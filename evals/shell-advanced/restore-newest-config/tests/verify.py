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


NAMES = [f"backup-2024-{day}.tar.gz" for day in ("02-28", "03-01", "03-04", "03-07", "03-09")]

if not os.path.isdir("/app/backups") or sorted(os.listdir("/app/backups")) != NAMES:
    fail("/app/backups: the archives were changed")
text = read("/app/restored/payments.conf")
extra = sorted(set(os.listdir("/app/restored")) - {"payments.conf"})
if extra:
    fail(f"/app/restored: unexpected entry {extra[0]!r}")
if text != "gateway=beta\nlimit=475\n":
    fail("/app/restored/payments.conf: wrong content")
source = read("/app/source.txt").strip()
if source != "backup-2024-03-04.tar.gz":
    fail(f"/app/source.txt: wrong archive name: {source[:60]!r}")

print("OK")
