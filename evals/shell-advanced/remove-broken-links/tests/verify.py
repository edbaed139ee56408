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


FILES = {
    'index.html': '<h1>home</h1>\n',
    'assets/img/logo-v2.png': 'logo\n',
    'shared/style.css': 'h1 { color: navy }\n',
    'docs/guide.txt': 'guide\n',
    'docs/old/keep.txt': 'keep\n',
}
GOOD = {
    'home.html': 'index.html',
    'assets/logo.png': 'img/logo-v2.png',
    'assets/style.css': '../shared/style.css',
    'docs/shared': '../shared',
    'docs/start.html': '../home.html',
}
BROKEN = [
    'about.html',
    'assets/banner.png',
    'docs/api.html',
    'docs/old/guide.html',
    'legacy.html',
    'shared/font.css',
]

for name, text in FILES.items():
    path = "/app/site/" + name
    if os.path.islink(path) or not os.path.isfile(path) or read(path) != text:
        fail(f"{path}: this file must stay as it was")
for name, target in GOOD.items():
    path = "/app/site/" + name
    if not os.path.islink(path) or os.readlink(path) != target:
        fail(f"{path}: this working link must stay as it was")
same_lines("/app/broken.txt", BROKEN)
for name in BROKEN:
    if os.path.lexists("/app/site/" + name):
        fail(f"/app/site/{name}: broken link is still there")

print("OK")
