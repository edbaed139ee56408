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


ADDED = [
    'htop',
    'libcurl4',
    'nanorc',
    'openssl3',
    'perl-base',
    'tmux',
    'zlib1g',
]
REMOVED = [
    'less',
    'nano',
    'perl',
    'zlib',
]

unchanged("/app/old.txt", "6db6ae130333edfc2ab92e0883df230e899f4f538c99560c7ba75bcd8f104794")
unchanged("/app/new.txt", "d426c920254120fefb0b2ac051f5de83760a6e0aed5d279feb8bf33421acfb69")
same_lines("/app/added.txt", ADDED)
same_lines("/app/removed.txt", REMOVED)

print("OK")
