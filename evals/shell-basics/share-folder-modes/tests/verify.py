#!/usr/bin/env python3
import hashlib
import os
import stat
import sys


def fail(message):
    print("FAIL: " + message)
    sys.exit(1)


def unchanged(path, digest):
    if not os.path.isfile(path):
        fail(f"{path}: input file is missing")
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"{path}: input file was changed")


def mode(path, want):
    if not os.path.exists(path):
        fail(f"{path}: missing")
    got = stat.S_IMODE(os.stat(path).st_mode)
    if got != want:
        fail(f"{path}: mode is {got:o}, expected {want:o}")


FILES = {
    "share/readme.md": "06e933ab842c92c6fc1174223cf8e298bf350a2a9978d50a324eb19d308fc832",
    "share/run.sh": "b77d933fde445bf412ac42dd2ad036f6154f99ddebc345b468c86bbe49744fb3",
    "share/music/song.txt": "f64872c31466bb3ac4e19e7b2249d93d4bd2beb1a12d1308a1cae5c9f17495ab",
    "share/music/old/list.csv": "492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3b7470",
    "share/plans/house.txt": "1a6315528e37cf9c06c232346a745b94e3750940bee3a1b28a41bee4ca0701a6",
}

for folder in ("share", "share/music", "share/music/old", "share/plans"):
    mode(f"/app/{folder}", 0o755)
for name, digest in FILES.items():
    mode(f"/app/{name}", 0o640)
    unchanged(f"/app/{name}", digest)

print("OK")
