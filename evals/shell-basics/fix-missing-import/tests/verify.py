#!/usr/bin/env python3
import os
import subprocess
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


def run(*args):
    try:
        return subprocess.run(list(args), capture_output=True, text=True, errors="replace",
                              timeout=15, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        fail("the program did not end within 15 s")
    except OSError as error:
        fail(f"{args[0]}: cannot be run: {error.strerror}")


LINES = [
    'import sys',
    'def area(radius):',
    '    return math.pi * radius ** 2',
    'print(f"area {area(float(sys.argv[1])):.2f}")',
]

got = [line.rstrip() for line in read("/app/circle.py").split("\n")]
for line in LINES:
    if line not in got:
        fail(f"/app/circle.py: this line is missing: {line!r}")
if "import math" in got and got.index("import math") > got.index("def area(radius):"):
    fail("/app/circle.py: the line import math is not at the top")
for radius, want in [("2", "area 12.57"), ("1", "area 3.14"), ("0.5", "area 0.79"), ("10", "area 314.16")]:
    result = run(sys.executable, "-B", "/app/circle.py", radius)
    if result.returncode:
        fail(f"circle.py {radius}: fails: " + (result.stderr.strip().split("\n") or [""])[-1][:80])
    if result.stdout.strip() != want:
        fail(f"circle.py {radius}: wrong output {result.stdout.strip()[:60]!r}")

print("OK")
