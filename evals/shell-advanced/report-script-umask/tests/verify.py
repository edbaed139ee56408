#!/usr/bin/env python3
import os
import shutil
import stat
import subprocess
import sys
import tempfile


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


def run(*args, **options):
    try:
        return subprocess.run(list(args), capture_output=True, text=True, errors="replace",
                              timeout=15, stdin=subprocess.DEVNULL, **options)
    except subprocess.TimeoutExpired:
        fail("the script did not end within 15 s")


PARTS = [f"part {n}: {n * 111} items\n" for n in (1, 2, 3)]
WANT = {"report.txt": "".join(PARTS), **{f"parts/part-{n}.txt": PARTS[n - 1] for n in (1, 2, 3)}}


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def check(out, label):
    for folder in (out, out + "/parts"):
        if not os.path.isdir(folder):
            fail(f"{label}: folder {os.path.relpath(folder, os.path.dirname(out))} is missing")
        if mode_of(folder) != 0o750:
            fail(f"{label}: folder {os.path.relpath(folder, os.path.dirname(out))} has mode {mode_of(folder):o}, expected 750")
    for name, text in WANT.items():
        path = os.path.join(out, name)
        if not os.path.isfile(path):
            fail(f"{label}: file {name} is missing")
        if mode_of(path) != 0o640:
            fail(f"{label}: file {name} has mode {mode_of(path):o}, expected 640")
        if read(path) != text:
            fail(f"{label}: file {name} has wrong content")
    count = sum(len(names) for _, _, names in os.walk(out))
    if count != len(WANT):
        fail(f"{label}: there are other files than before")


read("/app/make-report.sh")
for mask in (0o000, 0o022, 0o077):
    top = tempfile.mkdtemp()
    os.umask(mask)
    result = run("bash", "/app/make-report.sh", top + "/out")
    os.umask(0o022)
    label = f"make-report.sh with umask {mask:03o}"
    if result.returncode != 0:
        fail(f"{label}: exit code {result.returncode}")
    if result.stdout != f"report ready in {top}/out\n":
        fail(f"{label}: the printed message is wrong")
    check(top + "/out", label)
    shutil.rmtree(top)
check("/app/out", "/app/out")

print("OK")
