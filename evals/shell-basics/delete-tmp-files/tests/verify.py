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
    "work/a.tmp": "8611d920a96e52a18d47a91fb6d746b0e5f609b62e9a26343c04d00ebd29f041",
    "work/main.c": "119b7d542dbb21b0d7980b65d730cd42205d438a364dd30bfe1ab983a2b248db",
    "work/notes.txt": "51b67b3b553baf3a9003b0dd66f734d196f4666473b538ad1401de4dd66c5cec",
    "work/output/deep/cache.tmp": "eeada0dff5e798f6f521f5c89665ee9339ed4e40528fb0d088579ead7ba08790",
    "work/output/deep/keep.dat": "9e56d70a37e01737af02f42c7b2b96b3f7c61975e87355aa3417a0cb1f40d552",
    "work/output/out.o": "d1d93d5c23dfb9e2d4bec1a9bb6c0cbdb6ab0a335a6a19172944df4bbb237b40",
    "work/output/x1.tmp": "45f413786a6352c8ed4f29f622a36b55e9d64735fee84b3e5ab0ad8d6ef5d6b9",
    "work/output/x2.tmp": "43f10ed72de3927a96fb3ff706a705e26ad0dd7a765d4182af4b90ed2cd56b88",
    "work/src/template.tmpl": "994680bf5c5f31adec254d359bb9d67f6cef5458961dc47b3ae02a394931eb70",
    "work/src/util.c": "dc9b8555ea108e2bfe914fbe90d82808eb9ad5e14edeb6c88c27f5f0adca1a0e",
    "work/src/util.tmp": "c45c07f370fb6f92bec12f5aee764fd23af0501a1e45b087c9dcee3762624ec8",
    "work/tmp.txt": "5011d63cbab784ac42eb86932c168b7b8482dd74835ef9bfa0ffcd5943803e01",
}

for name, digest in WANT.items():
    if name.endswith(".tmp"):
        if os.path.lexists(f"/app/{name}"):
            fail(f"/app/{name}: is still there")
    else:
        unchanged(f"/app/{name}", digest)

print("OK")
