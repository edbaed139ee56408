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


WANT = [
    '# stations of the ring line',
    'Harbour;06:10;yes',
    'Old Mill;06:17;no',
    '',
    'Town Hall;06:23;yes  ',
    'Upper Gate;06:31;no',
    'Lake Road;06:40;no',
    'Harbour;06:52;yes',
]

text = read("/app/stations.txt")
if not text:
    fail("/app/stations.txt: is empty")
with open("/app/stations.txt", "rb") as f:
    if b"\r" in f.read():
        fail("/app/stations.txt: there are still carriage returns in the file")
got = text.split("\n")
if got[-1] != "":
    fail("/app/stations.txt: the last line does not end with a line feed")
if got[:-1] != WANT:
    fail("/app/stations.txt: more than the carriage returns was changed")

print("OK")
