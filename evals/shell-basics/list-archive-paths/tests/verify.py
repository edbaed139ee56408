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


WANT = """
site/about.html
site/css/main.css
site/css/print.css
site/img/back.svg
site/img/logo.svg
site/index.html
site/js/menu.js
site/robots.txt
""".split()

got = sorted(line.lstrip("./").rstrip("/") for line in lines("/app/list.txt"))
got = [line for line in got if line not in ("site", "site/css", "site/img", "site/js")]
for path in got:
    if path not in WANT:
        fail(f"/app/list.txt: this is no path in the archive: {path[:60]!r}")
for path in WANT:
    if path not in got:
        fail(f"/app/list.txt: the path {path} is missing")
if len(got) != len(WANT):
    fail("/app/list.txt: a path is there more than once")
if not os.path.isfile("/app/site.tar.gz"):
    fail("/app/site.tar.gz: the archive is missing")

print("OK")
