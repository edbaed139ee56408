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


FILES = {
    "media/list.txt": "41548395a1087fbe503b579f049d858008d80c69f45b4e0c70657cd837e4b82e",
    "media/music/song.txt": "31f86092953fd687403924ef23270af8da18b58147a0055468ecb4dc00b1c5c5",
    "media/film/2021/part1.txt": "ff6c37d273b68cdf50e632a7d05293d003a0e48736e2a305c8b0788320079fa1",
    "media/film/2021/.order": "b3b079e0d4b428d841fca450b7e512257b5418781f33e5724e0a699c886dd75b",
    "media/empty-file/zero.dat": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
}

for name, digest in FILES.items():
    unchanged(f"/app/{name}", digest)
for folder, folders, files in os.walk("/app/media"):
    if not folders and not files:
        fail(f"{folder}: this empty folder is still there")

print("OK")
