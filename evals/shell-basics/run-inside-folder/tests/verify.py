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


def unchanged(path, digest):
    if not os.path.isfile(path):
        fail(f"{path}: input file is missing")
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"{path}: input file was changed")


unchanged("/app/tools/build.sh", "3329786888c4b56d67c87c50ee43f55c7067f369622287a77bb4d8f03cad4f3d")
unchanged("/app/boat/parts.txt", "3af0665425720bcea9680a173d6139693f83bc5e88a041aca55961905bbe2a70")
unchanged("/app/parts.txt", "087ac4f2dd98f9f741e89c80f5b79cec10534c5462ed9f9eb8e52a3ad646f04e")
for folder in ("/app", "/app/tools"):
    if os.path.lexists(f"{folder}/result.txt"):
        fail(f"{folder}/result.txt: must not be there")
if read("/app/boat/result.txt").strip() != "51 parts":
    fail("/app/boat/result.txt: is not what the script writes for /app/boat/parts.txt")

print("OK")
