#!/usr/bin/env python3
import hashlib
import os
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


WANT = {
    "inbox/april.csv": "76330a7f9ca32dd08409a76009ac6eb8eeac483092fc315ea6790039a7edd8aa",
    "inbox/csv-notes.md": "78f62b284e10fd17041256a90eb536212975b62fdb3a722f27da5e45d6cf3e0e",
    "inbox/june.csv": "1cba1a20a92a7693df1f0d89577e19b9515742021acd0c7f7bca99a896ba977d",
    "inbox/may.csv": "d85d7055baba8dbd7d60f23596f140ed872438c0e6900f7c3fd71d2176aee973",
    "inbox/photo.png.txt": "06851adfd44409857625723879304f5da0e36032879ebe6803cad5ddcd868035",
    "inbox/readme.txt": "225fa5fd8309906aef2959a37cf80d2198fa94209a7643b3f59dc569b27fdbb2",
    "inbox/totals.csv": "bc6bcea9b996ee735349cd719eb6403a6368e9c3e7c70bd076dec504cfb7ed7c",
    "inbox/week-23.csv": "4a58ec27b6aa27b6909d466c8c15b9ecbc934631ceb4b260990c329ee4263d2f",
}

for name, digest in WANT.items():
    base = name.split("/")[1]
    if base.endswith(".csv"):
        if not os.path.isfile(f"/app/tables/{base}"):
            fail(f"/app/tables/{base}: missing")
        unchanged(f"/app/tables/{base}", digest)
        if os.path.lexists(f"/app/inbox/{base}"):
            fail(f"/app/inbox/{base}: is still there")
    else:
        unchanged(f"/app/inbox/{base}", digest)

print("OK")
