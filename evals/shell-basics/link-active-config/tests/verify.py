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


for name, digest in {
    "prod.conf": "9e842643a6d768f97de5f188e8aa35988af5349371a34bf0397ed1e334bc13ed",
    "test.conf": "1189f8a568e08bb00f61df1cc4276aeaa40d9fc8821189ee0ec2f7a0265b9e5e",
    "local.conf": "a9f4e5bf5cf60e29ff678d7e50029a4230e16cba86166b2397b1a73d10ea0f05",
}.items():
    if os.path.islink(f"/app/conf/{name}"):
        fail(f"/app/conf/{name}: is a link now, expected the file")
    unchanged(f"/app/conf/{name}", digest)
if not os.path.islink("/app/conf/active.conf"):
    fail("/app/conf/active.conf: is not a symbolic link")
if os.path.realpath("/app/conf/active.conf") != os.path.realpath("/app/conf/prod.conf"):
    fail("/app/conf/active.conf: does not point to prod.conf")

print("OK")
