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


WANT = [
    '# settings of the web shop',
    '# DEBUG=true prints every query',
    'DEBUG=false',
    'SQL_DEBUG=true',
    'LOG_LEVEL=info',
    'APP_LOG_LEVEL=info',
    'DATABASE_URL=postgres://shop:pw@db2.local:6432/shop',
    'SECRET_KEY=9f8e7d6c=',
    'TIMEZONE=Europe/Rome',
    'CACHE_URL=redis://cache:6379/0',
]

same_lines("/app/app.env", WANT)

print("OK")
