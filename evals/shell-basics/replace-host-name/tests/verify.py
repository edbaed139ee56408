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


WANT = """\
# settings of the shop
db_host = gamma.example.com
db_port = 5432
db_replicas = gamma.example.com:5433,gamma.example.com:5434
mail_host = mail.example.com
backup_url = https://gamma.example.com/backup
alpha_mode = off
cache_host = beta.example.com
log_level = info
# gamma.example.com was installed in 2021
"""

if "alpha.example.com" in read("/app/shop.conf"):
    fail("/app/shop.conf: the old host name is still there")
same_lines("/app/shop.conf", WANT.rstrip().split("\n"))

print("OK")
