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


def same_lines(path, want):
    text = read(path)
    if not text.strip():
        fail(f"{path}: is empty")
    got = [line.rstrip() for line in text.rstrip("\n").split("\n")]
    if got == want:
        return
    if sorted(got) == sorted(want):
        fail(f"{path}: right lines, wrong order")
    if len(got) != len(want):
        fail(f"{path}: expected {len(want)} lines, found {len(got)}")
    for number, (a, b) in enumerate(zip(got, want), 1):
        if a != b:
            fail(f"{path}: line {number} is wrong: {a!r}")


def unchanged(path, digest):
    if not os.path.isfile(path):
        fail(f"{path}: input file is missing")
    with open(path, "rb") as f:
        if hashlib.sha256(f.read()).hexdigest() != digest:
            fail(f"{path}: input file was changed")


def tree(top):
    """All files below top: relative path -> content."""
    if not os.path.isdir(top):
        fail(f"{top}: missing (expected a folder)")
    found = {}
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            found[os.path.relpath(path, top)] = read(path)
    return found


def same_tree(top, want):
    got = tree(top)
    for name in sorted(want):
        if name not in got:
            fail(f"{top}: file {name!r} is missing")
    for name in sorted(got):
        if name not in want:
            fail(f"{top}: unexpected file {name!r}")
    for name in sorted(want):
        if got[name] != want[name]:
            fail(f"{top}: file {name!r} has wrong content")


INCOMING = {
    'day-01.txt.gz': '1f44891f67de1a48503438dfb49a08ee62aa0a85d102a6c8d172d6de191896cc',
    'day-02.txt.gz': '5846078590b17ab3cf6f06df6abf5713568be457115797eb7b7d4d29b0a8004a',
    'day-03.txt.gz': 'bc467cac8d7d92b70dc0ce8cbc47902e4279da885daf93fdc562e82f2bf88075',
    'day-04.txt.gz': '8e103a7fcf9e1e7f56cb041fe19e5c163c129fa9ed35418953be3adca64879ba',
    'day-05.txt.gz': 'ff883eaf66200ab826dc66bd743e575aa62eebc3b345dd778054d95a4903ec8f',
    'day-06.txt.gz': 'b0671b6c86563152e38fdd2e9442bc71abffbc7d65fe81759ac1ef419b558797',
    'day-07.txt.gz': '3b5825f12dc0e3c3981faa09d052bdd8e79297fd726d22032663fe80f6d95fc6',
    'day-08.txt.gz': '17361470677b77f8c04b1745b681910373b1484fb4480648028fa5421110691f',
}
BROKEN = [
    'day-03.txt.gz',
    'day-06.txt.gz',
    'day-07.txt.gz',
]
UNPACKED = {
    'day-01.txt': 'e8a0b4e65c684bf531f4c0e5cd0cd1420a014a3553010449c83269d5a71f61a7',
    'day-02.txt': '797f3cae5971ead17d49a322ed18484eea8873764b9c669b478b935ae6be29c0',
    'day-04.txt': '19f736fe886f1ed6bc5455e3691d40ba7638891f8fa5ab8ae2ac8883c69e33fa',
    'day-05.txt': 'fd6a38dabb5913e2c0a42feae04fc2bae767acef9c69bb52f5bffbeaddc5a574',
    'day-08.txt': 'e0dbf10aaa72929ba607f169909a0c5fb496f56322108f048ca01c1b0c772f00',
}

for name, digest in INCOMING.items():
    unchanged("/app/incoming/" + name, digest)
if len(os.listdir("/app/incoming")) != len(INCOMING):
    fail("/app/incoming: there are new files in it")
same_lines("/app/broken.txt", BROKEN)
got = tree("/app/unpacked")
for name in sorted(got):
    if name not in UNPACKED:
        fail(f"/app/unpacked: unexpected file {name!r}")
for name, digest in UNPACKED.items():
    if name not in got:
        fail(f"/app/unpacked: file {name!r} is missing")
    if hashlib.sha256(got[name].encode()).hexdigest() != digest:
        fail(f"/app/unpacked: file {name!r} has wrong content")

print("OK")
