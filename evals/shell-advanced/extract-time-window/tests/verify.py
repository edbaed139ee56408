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


WANT = [
    '2024-03-05 10:15:46 INFO order 4711 saved',
    '2024-03-05 10:16:32 INFO next run at 10:30:00',
    '2024-03-05 10:18:18 INFO order 4711 saved',
    '2024-03-05 10:20:45 ERROR cannot reach mail server',
    '2024-03-05 10:21:59 ERROR cannot reach mail server',
    '2024-03-05 10:24:26 INFO next run at 10:30:00',
    '2024-03-05 10:26:18 INFO next run at 10:30:00',
    '2024-03-05 10:27:59 WARN slow query',
    '2024-03-05 10:30:30 INFO next run at 10:30:00',
    '2024-03-05 10:31:38 INFO user logged in',
    '2024-03-05 10:33:45 ERROR cannot reach mail server',
    '2024-03-05 10:35:01 INFO report of 2024-03-05 10:20:00 sent',
    '2024-03-05 10:37:39 WARN slow query',
    '2024-03-05 10:38:56 INFO user logged in',
    '2024-03-05 10:41:32 WARN slow query',
    '2024-03-05 10:44:14 ERROR cannot reach mail server',
]

unchanged("/app/events_log", "77cdc5c96fe8025ed11db813ce1ef73c830e8a35d8547e27410a3d9eb0d7edac")
same_lines("/app/window.txt", WANT)

print("OK")
