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


def lines(path):
    """Lines of the file, without spaces at the ends of lines and empty lines at the end."""
    got = [line.rstrip() for line in read(path).rstrip().split("\n")]
    if got == [""]:
        fail(f"{path}: is empty")
    return got


def same_lines(path, want):
    got = lines(path)
    if len(got) != len(want):
        fail(f"{path}: expected {len(want)} lines, found {len(got)}")
    for n, (a, b) in enumerate(zip(got, want), 1):
        if a != b:
            fail(f"{path}: line {n} is wrong: {a[:60]!r}")


WANT = ['chapter 1: river', 'end of chapter 1', 'chapter 2: stone', 'end of chapter 2', 'chapter 3: cloud', 'end of chapter 3', 'chapter 4: maple', 'end of chapter 4', 'chapter 5: amber', 'end of chapter 5', 'chapter 6: frost', 'end of chapter 6', 'chapter 7: tiger', 'end of chapter 7', 'chapter 8: olive', 'end of chapter 8', 'chapter 9: pearl', 'end of chapter 9', 'chapter 10: comet', 'end of chapter 10']

for k in range(1, 11):
    if read(f"/app/part{k}.txt").rstrip().split("\n") != WANT[2 * k - 2:2 * k]:
        fail(f"/app/part{k}.txt: input file was changed")
same_lines("/app/book.txt", WANT)

print("OK")
