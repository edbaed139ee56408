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
    "work/build/deep/cache.tmp": "c9ed0dc904f29dd5ddd666eb6d5dafa029183fe2342a3291600b7984de3fe6a3",
    "work/build/deep/keep.dat": "26ce0cbd2ea667a8803b99ee49c9470b328b12fdca01a56844b68734119c3d21",
    "work/build/out.o": "4522df07adc4492ae2ed25d1e07b7a5e078709f8378a466fa85a769d79620cd9",
    "work/build/x1.tmp": "8f07ad27ebc331a42a45a860b762335e506acd5ecba7b061178561cb62273365",
    "work/build/x2.tmp": "976a6fe12699a174dc7ab9cfaf4b07aba4f2f5500cc1494a5e774785d96eabf2",
    "work/main.c": "119b7d542dbb21b0d7980b65d730cd42205d438a364dd30bfe1ab983a2b248db",
    "work/notes.txt": "51b67b3b553baf3a9003b0dd66f734d196f4666473b538ad1401de4dd66c5cec",
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
