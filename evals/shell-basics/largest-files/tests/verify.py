#!/usr/bin/env python3
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


SIZES = {
    'notes.txt': 900,
    'index.db': 9999,
    'images/map.png': 48211,
    'images/raw/scan-01.tif': 101350,
    'images/raw/scan-02.tif': 99870,
    'dumps/daily.sql': 120400,
    'dumps/old/weekly.sql': 10480,
    '.staging/upload.tmp': 131072,
    'cache/part-1.bin': 30017,
    'cache/part-2.bin': 30034,
    'cache/part-3.bin': 30051,
    'cache/part-4.bin': 30068,
    'cache/part-5.bin': 30085,
    'cache/part-6.bin': 30102,
    'cache/part-7.bin': 30119,
    'cache/part-8.bin': 30136,
    'cache/part-9.bin': 30153,
}

for name, size in SIZES.items():
    path = "/app/data/" + name
    if not os.path.isfile(path) or os.path.getsize(path) != size:
        fail(f"{path}: input file was changed")
largest = sorted(SIZES.items(), key=lambda item: -item[1])[:4]
same_lines("/app/largest.txt", [f"{size} {name}" for name, size in largest])

print("OK")
