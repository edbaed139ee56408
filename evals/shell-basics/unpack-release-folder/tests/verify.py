#!/usr/bin/env python3
import hashlib
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


WANT = {
    "README": "563c07e1260400369c8f56b00aa386b76a083b90a9384b0d1cb8d78aa2fe7136",
    "app.py": "6c470150a560eb8b2be2abb91b477414a199e9677f6c092685247d8f799d0fa2",
    "config.ini": "d2f8ce0bb89c8efe269188347fdb2332b6e751572059089d5eba42a759c10b8e",
    "lib/data/table.csv": "c765ee16b0c4203e8080c33b41c248c3ae79ee5e67f3af9f6c55904ac8812d2d",
    "lib/util.py": "7085ad38b239aaad1ef8944dfd2da8a3fa7f427129dddc96c29f4860aa90b572",
}

if not os.path.isfile("/app/release.tar.gz"):
    fail("/app/release.tar.gz: the archive is missing")
for name, digest in WANT.items():
    path = f"/app/release/{name}"
    if not os.path.isfile(path):
        fail(f"{path}: missing")
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"{path}: wrong content")

print("OK")
