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
    "reports/.index": "ca42283ed449c5498e22a67c14ddfc8cfd9b6004b97b7192702bc2bde67edbea",
    "reports/2023.txt": "7accc8c22e8ae6ce6cc9d208afeb66ae8cc17803e4035242da6b386b4e118486",
    "reports/2024.txt": "6c7cda98418912545c41b5001f343ddd409020a5821f7611f5b794f55b47f54b",
    "reports/old/2021.txt": "380987cff7f959830aa5848d772fff5778c05a7a39aa5e691cfa881111d25892",
    "reports/old/2022.txt": "d36b9de9c7266fa258cc9c93600cc34d1288789215e409a2a3057d4bd318662c",
    "reports/summary.txt": "e00a9c5df28ecb7108d6bc5e39ee85d8b9287696e7f9e556b1fa23e46ec95047",
}

for name, digest in WANT.items():
    unchanged(f"/app/{name}", digest)
    copy = "/app/reports_backup/" + name.split("/", 1)[1]
    if not os.path.isfile(copy):
        fail(f"{copy}: missing in the copy")
    unchanged(copy, digest)
if os.path.islink("/app/reports_backup"):
    fail("/app/reports_backup: is a link, expected a copy")

print("OK")
